"""Models that look at no face: what any score must be held against."""

from dataclasses import replace

import numpy as np

from ..classifiers.evaluate import HELD_OUT, Evaluation
from .run import Run

BASELINE = "majority label"
GUESS = "stratified guess"
BASELINES = (GUESS, BASELINE)


def baselines(evaluation: Evaluation) -> list[Evaluation]:
    """Two models that look at no face: a guess as often as each label occurs, and always the most frequent label."""
    return [stratified_baseline(evaluation), majority_baseline(evaluation)]


def stratified_baseline(evaluation: Evaluation, *, seed: int = 0) -> Evaluation:
    """The evaluation of a model that draws each answer as often as the label occurs in its training rows."""
    rng = np.random.default_rng(seed)

    def draw(counts, size):
        return rng.choice(len(counts), size=size, p=counts / counts.sum())

    return _blind(evaluation, GUESS, draw)


def majority_baseline(evaluation: Evaluation) -> Evaluation:
    """The evaluation of a model that always answers the most frequent label of its training rows."""
    return _blind(evaluation, BASELINE, lambda counts, size: np.full(size, counts.argmax()))


def _blind(evaluation, name, answer):
    """An evaluation whose answers follow from the label counts of the training rows alone."""
    trainable = evaluation.fold >= 0
    predicted = np.full(len(evaluation.target), -1, dtype=np.int64)
    for fold in [*range(evaluation.n_folds), HELD_OUT]:
        counts = np.bincount(evaluation.target[trainable & (evaluation.fold != fold)])
        scored = evaluation.fold == fold
        predicted[scored] = answer(counts, int(scored.sum()))
    return replace(
        evaluation,
        name=name,
        predicted=predicted,
        proba=np.full_like(evaluation.proba, np.nan),
        selected=(),
        fit_seconds=(),
        predict_seconds=0.0,
        params={},
        history=(),
        tuning=(),
    )


def majority_label(run: Run) -> str:
    """The most frequent label of the rows that models were trained on."""
    trainable = run.evaluations[0].fold >= 0
    return run.dataset.label_names[np.bincount(run.dataset.target[trainable]).argmax()]


def scored_models(run: Run) -> list[Evaluation]:
    """The evaluations of a run, and its baselines as models more."""
    return [*run.evaluations, *baselines(run.evaluations[0])]
