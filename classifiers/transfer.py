"""Train on one dataset, score on others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..features.table import Inputs
from .evaluate import evaluate
from .evaluation import Evaluation
from .folds import HELD_OUT, UNUSED, Folds
from .model import FaceModel


@dataclass(frozen=True)
class LabelledFaces:
    """What a dataset brings: the `inputs` of n faces, `target` (n,) and `digests` (n,) of the pictures' content."""

    inputs: Inputs
    target: np.ndarray
    digests: np.ndarray

    def __post_init__(self):
        for name, values in (("inputs", self.inputs), ("digests", self.digests)):
            if len(values) != len(self.target):
                raise ValueError(f"{name} has {len(values)} rows for {len(self.target)} targets")

    def __len__(self):
        return len(self.target)


def evaluate_transfer(
    classifiers: Sequence[str],
    *,
    train: LabelledFaces,
    tests: Sequence[LabelledFaces],
    folds: Folds,
    **settings,
) -> tuple[list[Evaluation], list[list[Evaluation]], dict[str, FaceModel]]:
    """Evaluate on one dataset as `evaluate` does, and score the same fitted models on others.

    A training picture that one of the others shows too is left unused.

    Parameters
    ----------
    classifiers : names in `CLASSIFIERS`
    train : LabelledFaces
    tests : others, with the same labels
    folds : Folds of the rows of `train`
    settings : `protocol`, `recipe`, `options` and `execution` of `evaluate`

    Returns
    -------
    evaluations : list of Evaluation, over the rows of `train`
    transfers : for each of `tests`, a list of Evaluation over its rows, all HELD_OUT
    models : dict of FaceModel
    """
    parts = [train, *tests]
    shown_too = np.isin(train.digests, np.concatenate([np.array([], dtype=str), *(part.digests for part in tests)]))
    fold = np.where((folds.fold >= 0) & shown_too, UNUSED, folds.fold)
    n_others = sum(map(len, tests))
    # Near copies between datasets are not looked for: which pictures of the others are clean is not known.
    together = Folds(
        fold=np.concatenate([fold, np.full(n_others, HELD_OUT)]),
        groups=_continued(folds.groups, n_others),
        rank=None if folds.rank is None else _continued(folds.rank, n_others),
    )
    evaluations, models = evaluate(
        classifiers,
        Inputs.concatenate([part.inputs for part in parts]),
        np.concatenate([part.target for part in parts]),
        folds=together,
        **settings,
    )
    ends = np.cumsum([len(part) for part in parts])
    of_train, *transfers = (
        [evaluation.take(slice(end - len(part), end)) for evaluation in evaluations] for part, end in zip(parts, ends)
    )
    return of_train, transfers, models


def _continued(numbers, n):
    """The numbers, and n more that none of them is."""
    return np.concatenate([numbers, numbers.max() + 1 + np.arange(n)])
