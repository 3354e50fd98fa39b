"""Models that look at no face: what any score must be held against."""

from dataclasses import replace

import numpy as np

from ..classifiers.evaluate import HELD_OUT, Evaluation
from ..data.scores import SCORES, confusion_counts, confusion_scores
from .run import Run

BASELINE = "majority label"
GUESS = "stratified guess"
BASELINES = (GUESS, BASELINE)


def baselines(evaluation: Evaluation) -> list[Evaluation]:
    """Two models that look at no face: a guess as often as each label occurs, and always the most frequent label."""
    return [stratified_baseline(evaluation), majority_baseline(evaluation)]


def stratified_baseline(evaluation: Evaluation) -> Evaluation:
    """A model that draws each answer as often as the label occurs in its training rows.

    Nothing is drawn: `proba` holds the chance of every answer, from which its scores follow in expectation (Σp² for
    the accuracy); `predicted` is the likeliest answer.
    """
    return _blind(evaluation, GUESS)


def majority_baseline(evaluation: Evaluation) -> Evaluation:
    """The evaluation of a model that always answers the most frequent label of its training rows."""
    return _blind(evaluation, BASELINE)


def _blind(evaluation, name):
    """An evaluation whose answers follow from the label counts of the training rows alone."""
    trainable, k = evaluation.fold >= 0, evaluation.proba.shape[1]
    predicted = np.full(len(evaluation.target), -1, dtype=np.int64)
    proba = np.full_like(evaluation.proba, np.nan)
    for fold in [*range(evaluation.n_folds), HELD_OUT]:
        counts = np.bincount(evaluation.target[trainable & (evaluation.fold != fold)], minlength=k)
        scored = evaluation.fold == fold
        predicted[scored] = counts.argmax()
        proba[scored] = counts / counts.sum()
    return replace(
        evaluation,
        name=name,
        predicted=predicted,
        proba=proba,
        selected=(),
        fit_seconds=(),
        predict_seconds=0.0,
        params={},
        history=(),
        tuning=(),
    )


def expected_counts(evaluation: Evaluation, rows: np.ndarray) -> np.ndarray:
    """How often label i is named j, (k, k), on the rows of a mask: of the guess, how often on average."""
    target, k = evaluation.target[rows], evaluation.proba.shape[1]
    if evaluation.name == GUESS:
        return np.eye(k)[target].T @ evaluation.proba[rows]
    return confusion_counts(target, evaluation.predicted[rows], k)


def expected_scores(evaluation: Evaluation, rows: np.ndarray) -> dict[str, float]:
    """`n` and the headline scores on the rows of a mask; of the guess, those of its average answers."""
    found = confusion_scores(expected_counts(evaluation, rows))
    return {"n": int(rows.sum()), **{name: float(found[name]) for name in SCORES}}


def majority_label(run: Run) -> str:
    """The most frequent label of the rows that models were trained on."""
    trainable = run.evaluations[0].fold >= 0
    return run.dataset.label_names[np.bincount(run.dataset.target[trainable]).argmax()]


def scored_models(run: Run) -> list[Evaluation]:
    """The evaluations of a run, and its baselines as models more."""
    return [*run.evaluations, *baselines(run.evaluations[0])]
