"""Repeated pictures: counted, and tied together so that no split separates them."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .dataset import TRAIN, Dataset

MOST_TIED = 0.2  # of all pictures that near copies may tie into one group: a longer chain would leave nothing to split
FEWEST_TIED = 30  # pictures that they may tie in any case


@dataclass(frozen=True)
class Duplicates:
    """Which rows show the same picture.

    Parameters
    ----------
    copy_of : ndarray of shape (n,), int64
        Row i shows the same picture as the first row `copy_of[i]`, exactly or nearly.
    exact_of : ndarray of shape (n,), int64, or None
        The same for equal content alone; None where only that was looked for.
    rank : ndarray of shape (n,), int64, or None
        Place of each picture among all by its content, the same in whatever order the rows come; equal pictures share
        theirs. None where contents are not at hand.
    untied : int
        Pairs that nearly agree and are not taken as copies, because they would chain too many pictures together.
    """

    copy_of: np.ndarray
    exact_of: np.ndarray | None = None
    rank: np.ndarray | None = None
    untied: int = 0

    @property
    def near_searched(self) -> bool:
        """Whether nearly equal pictures were looked for: where they were not, none is known and none ruled out."""
        return self.exact_of is not None

    def take(self, rows) -> "Duplicates":
        """What is known of these rows (indices) alone."""
        kept = {name: None if (values := getattr(self, name)) is None else _first_of(values[rows]) for name in COPIES}
        return replace(self, **kept, rank=None if self.rank is None else self.rank[rows])

    def shown_by(self, rows: np.ndarray) -> np.ndarray:
        """Mask (n,): pictures that the rows of a mask (n,) show, exactly or nearly, themselves among them."""
        return np.isin(self.copy_of, self.copy_of[rows])

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


COPIES = ("copy_of", "exact_of")


def _first_of(labels):
    """The first row (n,) that bears the label of each."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first[inverse]


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
        Pairs of rows that nearly agree, the most alike first, from `near_pairs`; None where nobody looked for them.
    """
    _, rank = np.unique(digests, return_inverse=True)
    exact_of = _first_of(rank)
    unreadable = digests == ""
    exact_of[unreadable] = np.flatnonzero(unreadable)
    if near is None:
        return Duplicates(exact_of, rank=rank)
    component, untied = _linked(exact_of, near)
    return Duplicates(_first_of(component), exact_of, rank, untied)


def _linked(exact_of, near):
    """Group (n,) of each row, and how many of the pairs part groups: a chain is cut at its weakest links."""
    n = len(exact_of)
    every = _components(np.concatenate([_links(exact_of), near]), n)
    most = _most_tied(n)
    chained = np.bincount(every)[every] > most
    if not chained.any():
        return every, 0
    loose = chained[near[:, 0]]
    group = _components(np.concatenate([_links(exact_of), near[~loose]]), n)
    size, joined = np.bincount(group), np.arange(n)
    for left, right in group[near[loose]]:
        ends = sorted({_end(joined, left), _end(joined, right)})
        if len(ends) == 2 and size[ends].sum() <= most:
            size[ends[0]] += size[ends[1]]
            joined[ends[1]] = ends[0]
    group = np.array([_end(joined, one) for one in group])
    return group, int((group[near[:, 0]] != group[near[:, 1]]).sum())


def _end(joined, one):
    while joined[one] != one:
        one = joined[one]
    return one


def _most_tied(n):
    return max(FEWEST_TIED, int(MOST_TIED * n))


@dataclass(frozen=True)
class Ties:
    """What stays on one side of a split.

    Parameters
    ----------
    groups : ndarray of shape (n,), int64
        Rows of one number stay together; numbers follow the pictures' content, not the order of the rows.
    subjects : int
        Subjects that share a picture with another one and stay on its side.
    apart : int
        Near copies that do not stay together, because tying them would tie too many of the pictures.
    """

    groups: np.ndarray
    subjects: int
    apart: int


def ties(dataset: Dataset, duplicates: Duplicates) -> Ties:
    """Same subject, same sequence or same picture, same side: the connected components of these relations.

    Two subjects who share a picture fall on the same side as well. Near copies that would tie more than `MOST_TIED`
    of all pictures to a subject or sequence tie nothing beyond it.
    """
    n = len(dataset)
    own = joined(duplicates._exact_of, *_belongings(dataset))
    tied = joined(own, duplicates.copy_of)
    largest = np.zeros(n, dtype=np.int64)
    np.maximum.at(largest, tied, np.bincount(own)[own])
    chained = (np.bincount(tied, minlength=n) - largest)[tied] > _most_tied(n)
    tied = np.where(chained, n + own, tied)
    subjects = 0
    if dataset.groups is not None:
        pairs = np.unique(np.stack([_numbers(tied), _numbers(dataset.groups)]), axis=1)
        subjects = int((np.bincount(pairs[0])[pairs[0]] > 1).sum())
    apart = int((tied != tied[duplicates.copy_of]).sum()) + duplicates.untied
    return Ties(numbered_by(duplicates.rank, tied), subjects, apart)


def fold_groups(dataset: Dataset, duplicates: Duplicates) -> np.ndarray:
    """Group id (n,) int64 for cross-validation, see `ties`."""
    return ties(dataset, duplicates).groups


def frames_of(dataset: Dataset) -> np.ndarray | None:
    """Number (n,) of the sequence of each row, one subject's frames of it apart from another's; None if not known."""
    if dataset.sequences is None:
        return None
    if dataset.groups is None:
        return _numbers(dataset.sequences)
    pairs = np.stack([_numbers(dataset.sequences), _numbers(dataset.groups)])
    return np.unique(pairs, axis=1, return_inverse=True)[1].ravel()


def _belongings(dataset):
    return [values for values in (frames_of(dataset), dataset.groups) if values is not None]


def _numbers(labels):
    return np.unique(labels, return_inverse=True)[1]


def joined(*labels: np.ndarray) -> np.ndarray:
    """Number (n,) of each row's group, where rows that share any of the labels (n,) belong together."""
    return _components(np.concatenate([_links(one) for one in labels]), len(labels[0]))


def numbered_by(rank: np.ndarray | None, groups: np.ndarray) -> np.ndarray:
    """The groups (n,) numbered in the order of their first rank; of their first row where there is no rank (n,)."""
    groups = _numbers(groups)
    rank = np.arange(len(groups)) if rank is None else rank
    first = np.full(groups.max() + 1, rank.max() + 1, dtype=np.int64)
    np.minimum.at(first, groups, rank)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(len(first))
    return place[groups]


def _links(labels):
    """Pairs (n, 2) of each row and the first that bears its label."""
    return np.stack([np.arange(len(labels)), _first_of(labels)], axis=1)


def _components(links, n) -> np.ndarray:
    """Number (n,) int64 of each node's connected component; `links` (m, 2)."""
    graph = coo_matrix((np.ones(len(links)), links.T), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)
