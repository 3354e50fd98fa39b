"""Identical pictures: counted, and tied together so that no split separates them."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from data.dataset import TRAIN, Dataset


@dataclass(frozen=True)
class Duplicates:
    """Which rows show the same picture.

    `copy_of` (n,) int64: row i shows the same picture as the first row `copy_of[i]`.
    """

    copy_of: np.ndarray

    @property
    def count(self) -> int:
        """Rows that repeat an earlier one."""
        return int((self.copy_of != np.arange(len(self.copy_of))).sum())

    def of_held_out(self, split) -> np.ndarray:
        """Mask (n,): training rows whose picture lies in a held-out part too."""
        held_out = np.asarray(split) != TRAIN
        return ~held_out & np.isin(self.copy_of, self.copy_of[held_out])


def find_duplicates(digests: np.ndarray) -> Duplicates:
    """Rows with equal content, from `image_digests`; unreadable rows match nothing."""
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    copy_of = first[inverse]
    unreadable = digests == ""
    copy_of[unreadable] = np.flatnonzero(unreadable)
    return Duplicates(copy_of)


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
    links = coo_matrix((np.ones(2 * n), (np.tile(np.arange(n), 2), np.r_[nodes, n + subject])), shape=(2 * n, 2 * n))
    return connected_components(links, directed=False)[1][:n].astype(np.int64)
