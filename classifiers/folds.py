"""Who is trained on and who is predicted, the same for every model."""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from ..data.dataset import TRAIN, Dataset
from ..data.duplicates import Duplicates, fold_groups
from ..data.errors import LineamentError
from ..data.labels import check_enough

HELD_OUT = -1  # predicted by the model that was fitted on the whole training part
UNUSED = -2  # neither trained on nor scored: a training picture that the held-out part shows too


@dataclass(frozen=True)
class Folds:
    """Who is trained on and who is predicted, the same for every model.

    `fold` (n,) as in `Evaluation`; `groups` (n,): rows that stay together.
    """

    fold: np.ndarray
    groups: np.ndarray

    @property
    def fits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(training rows, predicted rows): one a fold, then the whole training part with what is held out."""
        trainable = self.fold >= 0
        fits = [
            (np.flatnonzero(trainable & (self.fold != number)), np.flatnonzero(self.fold == number))
            for number in range(self.fold.max() + 1)
        ]
        return [*fits, (np.flatnonzero(trainable), np.flatnonzero(self.fold == HELD_OUT))]


def training_part(dataset: Dataset, duplicates: Duplicates) -> Folds:
    """What there is to train on, as one fold 0; what is held out, and what is unused because it lies there too."""
    fold = np.zeros(len(dataset), dtype=np.int64)
    if dataset.split is not None:
        fold[dataset.split != TRAIN] = HELD_OUT
        # Near copies stay, as in the official protocol that published numbers follow; the report counts them.
        fold[duplicates.exactly_of_held_out(dataset.split)] = UNUSED
    return Folds(fold, fold_groups(dataset, duplicates))


def make_folds(dataset: Dataset, duplicates: Duplicates, *, cv: int, seed: int) -> Folds:
    """Stratified folds of the training part; subjects and identical pictures stay together.

    Where the dataset has an official split, the rest is held out, and training
    pictures that lie in the held-out part too are left unused. Nearly equal
    ones stay together in folds, but are not taken out for the held-out part.

    Raises
    ------
    LineamentError
        For fewer than two folds or labels, or a label with fewer groups than folds.
    """
    if cv < 2:
        raise LineamentError(f"--cv {cv} is no cross-validation: it needs at least 2 folds. Try --cv 5.")
    part = training_part(dataset, duplicates)
    fold, groups, rows = part.fold.copy(), part.groups, np.flatnonzero(part.fold == 0)
    _check_labels(dataset, rows, groups, cv)
    splitter = StratifiedGroupKFold(cv, shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(rows, dataset.target[rows], groups[rows])):
        fold[rows[test]] = number
    return Folds(fold, groups)


def drawn_rows(folds: Folds, *, most: int, seed: int) -> np.ndarray:
    """Rows that are trained on, sorted; whole groups drawn at random where they are more than `most`."""
    rows = np.flatnonzero(folds.fold >= 0)
    if len(rows) <= most:
        return rows
    names, group = np.unique(folds.groups[rows], return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.cumsum(np.bincount(group)[order])
    kept = place[group] <= most
    # One group may be larger than all that may be drawn.
    return rows[kept] if kept.any() else rows[group == order[0]]


def _check_labels(dataset, rows, groups, cv):
    target = dataset.target[rows]
    present = np.unique(target)
    if len(present) < 2:
        raise LineamentError(
            f"Only {len(present)} label is left to train on; a classifier needs two. Labels: {dataset.label_counts()}."
        )
    check_enough(dataset, cv, rows=rows, groups=groups)
