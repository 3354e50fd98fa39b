"""Who is trained on and who is predicted, the same for every model."""

from dataclasses import dataclass, replace

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

    Parameters
    ----------
    fold : ndarray of shape (n,), int64
        As in `Evaluation`.
    groups : ndarray of shape (n,), int64
        Rows that stay together.
    rank : ndarray of shape (n,), int64, or None
        The order in which models are shown the rows, by content: so nothing hangs on the order of a table's rows.
        None for the order in which they come.
    clean : ndarray of shape (n,), bool, or None
        Held-out pictures that no picture trained on shows, exactly or nearly; None where that was not looked for.
    """

    fold: np.ndarray
    groups: np.ndarray
    rank: np.ndarray | None = None
    clean: np.ndarray | None = None

    @property
    def fits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(training rows, predicted rows): one a fold, then the whole training part with what is held out."""
        trainable = self.fold >= 0
        fits = [
            (self.ranked(trainable & (self.fold != number)), self.ranked(self.fold == number))
            for number in range(self.fold.max() + 1)
        ]
        return [*fits, (self.ranked(trainable), self.ranked(self.fold == HELD_OUT))]

    def ranked(self, mask: np.ndarray) -> np.ndarray:
        """Rows (indices) of a mask (n,) in the order of `rank`."""
        rows = np.flatnonzero(mask)
        return rows if self.rank is None else rows[np.argsort(self.rank[rows], kind="stable")]


def training_part(dataset: Dataset, duplicates: Duplicates) -> Folds:
    """What there is to train on, as one fold 0; what is held out, and what is unused because it lies there too."""
    fold, clean = np.zeros(len(dataset), dtype=np.int64), None
    if dataset.split is not None:
        fold[dataset.split != TRAIN] = HELD_OUT
        # Near copies stay, as in the official protocol that published numbers follow; the report counts them.
        fold[duplicates.exactly_of_held_out(dataset.split)] = UNUSED
    if duplicates.near_searched:
        clean = (fold == HELD_OUT) & ~duplicates.shown_by(fold >= 0)
    return Folds(fold, fold_groups(dataset, duplicates), _rank(dataset, duplicates), clean)


def _rank(dataset, duplicates):
    """Place (n,) of each row by its picture's content, then by its label; None where contents are not at hand."""
    if duplicates.rank is None:
        return None
    return np.unique(np.stack([duplicates.rank, dataset.target]), axis=1, return_inverse=True)[1].ravel()


def make_folds(dataset: Dataset, duplicates: Duplicates, *, cv: int, seed: int) -> Folds:
    """Stratified folds of the training part; subjects, sequences and equal pictures stay together.

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
    _check_labels(dataset, np.flatnonzero(part.fold == 0), part.groups, cv)
    return dealt(part, dataset.target, cv=cv, seed=seed)


def dealt(part: Folds, target: np.ndarray, *, cv: int, seed: int) -> Folds:
    """What may be trained on, dealt into folds whose shares of every label are about equal; groups stay together."""
    rows, fold = part.ranked(part.fold >= 0), part.fold.copy()
    splitter = StratifiedGroupKFold(cv, shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(rows, target[rows], part.groups[rows])):
        fold[rows[test]] = number
    return replace(part, fold=fold)


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
