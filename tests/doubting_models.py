"""Made answers and models that are surer of some faces than of others."""

from dataclasses import replace

import numpy as np

from lineament.classifiers import Evaluation, FaceModel, Recipe
from lineament.classifiers.doubt import doubts_of
from lineament.classifiers.registry import make_classifier
from made_runs import LABELS


def made_evaluation(n=600, seed=0, knows=True, error=0.3):
    """Answers to n faces of three labels in five folds; where it does not know, confidence is noise."""
    rng = np.random.default_rng(seed)
    target, sure = rng.integers(0, 3, n), rng.uniform(0.4, 1, n)
    wrong = rng.random(n) < (3 * error * (1 - sure) ** 2 / 0.36 if knows else error)
    predicted = np.where(wrong, (target + rng.integers(1, 3, n)) % 3, target)
    proba = np.repeat((1 - sure)[:, None] / 2, 3, axis=1)
    proba[np.arange(n), predicted] = sure
    return Evaluation("svm", target, predicted, proba, np.arange(n) % 5, (), (1.0,) * 6, 1e-4)


def made_model(**known):
    evaluation = made_evaluation(**known)
    n = len(evaluation.target)
    doubts = doubts_of(evaluation, clusters=np.arange(n), found=np.arange(n) % 3 > 0)
    rng = np.random.default_rng(0)
    pipeline = make_classifier("lda").fit(rng.normal(size=(60, 4)), np.arange(60) % 3)
    return FaceModel(pipeline, Recipe(classifier="lda", labels=LABELS, families=("angles",), **doubts)), evaluation


def held_out(evaluation, n_test):
    """The evaluation with its last faces held out."""
    fold = evaluation.fold.copy()
    fold[-n_test:] = -1
    return replace(evaluation, fold=fold)
