"""Train on one dataset, score on others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .evaluate import HELD_OUT, UNUSED, Evaluation, Folds, evaluate


@dataclass(frozen=True)
class Part:
    """What a dataset brings: inputs by name, each of n rows, `target` (n,) and content `digests` (n,)."""

    inputs: Mapping[str, np.ndarray]
    target: np.ndarray
    digests: np.ndarray

    def __post_init__(self):
        for name, values in {**self.inputs, "digests": self.digests}.items():
            if len(values) != len(self.target):
                raise ValueError(f"{name} has {len(values)} rows for {len(self.target)} targets")


def evaluate_transfer(
    classifiers: Sequence[str], *, train: Part, tests: Sequence[Part], folds: Folds, **settings
) -> tuple[list[Evaluation], list[list[Evaluation]], dict]:
    """Evaluate on one dataset as `evaluate` does, and score the same fitted models on others.

    A training picture that one of the others shows too is left unused.

    Parameters
    ----------
    classifiers : names in `CLASSIFIERS`
    train : Part
    tests : other parts, with the same labels
    folds : Folds of the rows of `train`
    settings : of `evaluate`

    Returns
    -------
    own : list of Evaluation, over the rows of `train`
    others : for each of `tests`, a list of Evaluation over its rows, all HELD_OUT
    models : dict of fitted pipelines
    """
    parts = [train, *tests]
    shown_too = np.isin(train.digests, np.concatenate([np.array([], dtype=str), *(part.digests for part in tests)]))
    own_fold = np.where((folds.fold >= 0) & shown_too, UNUSED, folds.fold)
    n_others = sum(len(part.target) for part in tests)
    first_free = folds.groups.max() + 1
    together = Folds(
        fold=np.concatenate([own_fold, np.full(n_others, HELD_OUT)]),
        groups=np.concatenate([folds.groups, np.arange(first_free, first_free + n_others)]),
    )
    evaluations, models = evaluate(
        classifiers,
        inputs={name: np.concatenate([part.inputs[name] for part in parts]) for name in train.inputs},
        target=np.concatenate([part.target for part in parts]),
        folds=together,
        **settings,
    )
    ends = np.cumsum([len(part.target) for part in parts])
    own, *others = (
        [evaluation.take(slice(end - len(part.target), end)) for evaluation in evaluations]
        for part, end in zip(parts, ends)
    )
    return own, others, models
