"""Repeated pictures: counted, and tied together so that no split separates them."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .dataset import TRAIN, Dataset


@dataclass(frozen=True)
class Duplicates:
    """Which rows show the same picture.

    Parameters
    ----------
    copy_of : ndarray of shape (n,), int64
        Row i shows the same picture as the first row `copy_of[i]`, exactly or nearly.
    exact_of : ndarray of shape (n,), int64, or None
        The same for equal content alone; None where only that was looked for.
    """

    copy_of: np.ndarray
    exact_of: np.ndarray | None = None

    @property
    def count(self) -> int:
        """Rows that repeat an earlier one."""
        return _repeats(self.copy_of)

    @property
    def exact(self) -> int:
        """Rows with the very content of an earlier one."""
        return _repeats(self._exact_of)

    @property
    def near(self) -> int:
        """Rows that repeat an earlier one in another crop, size or compression only."""
        return self.count - self.exact

    @property
    def _exact_of(self):
        return self.copy_of if self.exact_of is None else self.exact_of

    def of_held_out(self, split) -> np.ndarray:
        """Mask (n,): training rows whose picture lies in a held-out part too, exactly or nearly."""
        return _shared_with_held_out(self.copy_of, split)

    def exactly_of_held_out(self, split) -> np.ndarray:
        """Mask (n,): training rows whose very content lies in a held-out part too."""
        return _shared_with_held_out(self._exact_of, split)

    def across_split(self, split) -> dict[str, int]:
        """How many training rows lie in a held-out part too, as {"exact": …, "near": …}; zeros without a split."""
        if split is None:
            return {"exact": 0, "near": 0}
        exact = int(self.exactly_of_held_out(split).sum())
        return {"exact": exact, "near": int(self.of_held_out(split).sum()) - exact}


def _repeats(copy_of) -> int:
    return int((copy_of != np.arange(len(copy_of))).sum())


def _shared_with_held_out(copy_of, split):
    held_out = np.asarray(split) != TRAIN
    return ~held_out & np.isin(copy_of, copy_of[held_out])


def find_duplicates(digests: np.ndarray, near: np.ndarray | None = None) -> Duplicates:
    """Rows that show one picture; unreadable rows match nothing.

    Parameters
    ----------
    digests : ndarray of shape (n,), str
        From `image_digests`: equal digests are one picture.
    near : ndarray of shape (m, 2), or None
        Pairs of rows that nearly agree, from `near_pairs`.
    """
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    exact_of = first[inverse]
    unreadable = digests == ""
    exact_of[unreadable] = np.flatnonzero(unreadable)
    if near is None:
        return Duplicates(exact_of)
    n = len(digests)
    links = np.concatenate([np.stack([np.arange(n), exact_of], axis=1), near])
    component = _components(links, n)
    _, first = np.unique(component, return_index=True)
    return Duplicates(first[component], exact_of)


def fold_groups(dataset: Dataset, duplicates: Duplicates) -> np.ndarray:
    """Group id (n,) int64 for cross-validation: same subject or same picture, same group.

    Groups are the connected components of both relations, so that two
    subjects who share a picture fall on the same side as well.
    """
    n = len(dataset)
    nodes = duplicates.copy_of
    if dataset.groups is None:
        return nodes
    _, subject = np.unique(dataset.groups, return_inverse=True)
    links = np.stack([np.tile(np.arange(n), 2), np.r_[nodes, n + subject]], axis=1)
    return _components(links, 2 * n)[:n]


def _components(links, n) -> np.ndarray:
    """Number (n,) int64 of each node's connected component; `links` (m, 2)."""
    graph = coo_matrix((np.ones(len(links)), links.T), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)
