"""What a model's answers rest on, asked only on faces that it was not fitted on.

The model that came first is fitted again on training rows of a fold (of every
fold where the dataset is small), and questioned on rows of that fold: what is
lost when measurements are shuffled, how answers follow a measurement, and
what moved the answer for one face. The official test part is not touched.

Measurements of a face repeat each other, so that a model hardly misses a
single one. They are therefore asked for in clusters too, of measurements that
rise and fall together, and by families.
"""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from ..data.errors import LineamentError, check_choice
from ..features.table import FeatureTable
from .ablation import ablation, selection_stability
from .clusters import clusters_of
from .evaluation import Evaluation
from .explanation import Effect, Explanation, FaceExplained, Importance, Move
from .folds import Folds
from .importance import QUANTILES, effect_of, importances, screened_columns
from .model import FaceModel
from .questions import LEVELS, Questions
from .registry import CLASSIFIERS
from .single_faces import explained_faces
from .spec import FEATURES
from .stored import LeftOut

__all__ = [
    "EXPLANATIONS",
    "QUANTILES",
    "Effect",
    "Explanation",
    "FaceExplained",
    "Importance",
    "Move",
    "explain",
    "explained_evaluation",
]
N_EFFECTS = 8  # clusters whose effect on every class is shown
EXPLANATIONS = {
    "none": "no explanations",
    **{name: f"what answers rest on, {level.about}" for name, level in LEVELS.items() if level},
}


def explain(
    table: FeatureTable,
    *,
    found: np.ndarray,
    folds: Folds,
    evaluations: Sequence[Evaluation],
    models: Mapping[str, FaceModel],
    level: str = "quick",
    seed: int = 0,
    n_jobs: int = 1,
) -> Explanation | LeftOut | None:
    """Explain the model that came first among those that take features.

    Parameters
    ----------
    table : FeatureTable of n faces
        NaN where there are no measurements.
    found : ndarray of shape (n,), bool
        The detector saw the face; only such faces are explained one by one.
    folds : Folds of the run
    evaluations, models : as `evaluate` gives them; models are cloned, not used as they are fitted
    level : key of `LEVELS`
    seed : int
    n_jobs : processes of the ablation; changes no result

    Returns
    -------
    Explanation, or LeftOut where the faces are too few for one, or None for the level "none" and where no model takes
    features
    """
    check_choice("explain", level, LEVELS)
    first = explained_evaluation(evaluations)
    if LEVELS[level] is None or first is None:
        return None
    start = time.perf_counter()
    target, n_classes = first.target, first.proba.shape[1]
    questions = Questions(table, target, n_classes, folds, LEVELS[level], seed)
    if any(len(np.unique(target[questions.train_of(fold)])) < 2 for fold in range(first.n_folds)):
        return LeftOut("the faces that a fold trains on bear one label, which leaves nothing to tell apart")
    try:
        with threadpool_limits(1):
            questions = questions.of_model(models[first.name].pipeline, first.selected)
    except LineamentError as error:
        return LeftOut(str(error))
    if not all(len(model.screened) for model in questions.models):
        return LeftOut("a fold holds fewer than four faces, too few to be asked what an answer rests on")
    settings = {"seed": seed, "n_jobs": n_jobs}
    kept = first.selected if set().union(*first.selected) <= set(table.names) else ()  # components have no column
    ablated = ablation(table, target, folds=folds, **settings)
    stability = selection_stability(table.X, target, folds, kept, **settings)
    with threadpool_limits(1):
        return _explanation(questions, found, classifier=first.name, ablation=ablated, stability=stability, start=start)


def _explanation(questions, found, *, start, **parts):
    table, candidates = questions.table, questions.candidates
    clusters = clusters_of(table.X[questions.models[0].train], candidates, table.names)
    columns_of = {one.name: np.array([table.names.index(name) for name in one.members]) for one in clusters}
    families = {name: np.intersect1d(columns, candidates) for name, columns in table.families.items()}
    by_name = {one.name: one for one in clusters}
    plain = questions.plain_answers()
    related = importances(questions, columns_of, plain)
    single = {table.names[column]: np.array([column]) for column in screened_columns(questions)}
    return Explanation(
        n_train=round(np.mean([len(model.train) for model in questions.models])),
        n_folds=len(questions.models),
        rows=questions.rows,
        score=float(questions.macro_f1(np.concatenate(plain).argmax(axis=-1))),
        n_candidates=len(candidates),
        clusters=clusters,
        features=importances(questions, single, plain),
        related=related,
        families=importances(questions, {name: one for name, one in families.items() if len(one)}, plain),
        effects=tuple(effect_of(questions, by_name[one.name], columns_of[one.name]) for one in related[:N_EFFECTS]),
        faces=explained_faces(questions, plain, found, columns_of),
        seconds=time.perf_counter() - start,
        **parts,
    )


def explained_evaluation(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The evaluation with the best accuracy in cross-validation among models of features."""
    known = [one for one in evaluations if one.name in CLASSIFIERS and CLASSIFIERS[one.name].takes == FEATURES]
    return max(known, key=_cv_accuracy, default=None)


def _cv_accuracy(evaluation):
    rows = evaluation.fold >= 0
    return (evaluation.predicted[rows] == evaluation.target[rows]).mean()
