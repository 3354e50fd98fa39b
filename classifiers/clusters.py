"""Features that rise and fall together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from .stored import Stored

RELATED = 0.5  # mean absolute rank correlation above which clusters are joined
MOST_CLUSTERS = 24
MOST_RANKED = 2000  # faces that correlations are taken from


@dataclass(frozen=True)
class Cluster(Stored):
    """Features that rise and fall together, named after the one that is most related to the others.

    `correlations` are each member's Spearman correlation with that one.
    """

    name: str
    members: tuple[str, ...]
    correlations: tuple[float, ...]


def clusters_of(X: np.ndarray, columns: Sequence[int], names: Sequence[str]) -> tuple[Cluster, ...]:
    """Clusters of some columns of X (n, d), the largest first; every column is in one.

    Average linkage of 1 - |Spearman's rank correlation|, over at most
    MOST_RANKED rows without a gap; labels play no part.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    X = X[np.linspace(0, len(X) - 1, min(len(X), MOST_RANKED)).astype(int)][:, columns]
    ranks = rankdata(X[np.isfinite(X).all(axis=1)], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        related = np.nan_to_num(np.corrcoef(ranks, rowvar=False)).reshape(len(columns), len(columns))
    number = np.ones(len(columns), dtype=int)
    if len(columns) > 1:
        tree = linkage(1 - np.abs(related[np.triu_indices(len(columns), 1)]), method="average")
        number = fcluster(tree, 1 - RELATED, criterion="distance")
        if number.max() > MOST_CLUSTERS:
            number = fcluster(tree, MOST_CLUSTERS, criterion="maxclust")
    clusters = [_cluster(np.flatnonzero(number == one), related, [names[column] for column in columns])
                for one in np.unique(number)]  # fmt: skip
    return tuple(sorted(clusters, key=lambda one: -len(one.members)))


def _cluster(members, related, names):
    middle = members[np.abs(related[np.ix_(members, members)]).sum(axis=0).argmax()]
    order = members[np.argsort(-np.abs(related[middle, members]), kind="stable")]
    correlations = np.where(order == middle, 1.0, related[middle, order])
    return Cluster(names[middle], tuple(names[place] for place in order), tuple(correlations.tolist()))
