"""Reducers: a few new axes in place of all features."""

from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from .spec import SelectorSpec


def _fewer_than_classes(d, n_classes):
    return min(n_classes - 1, d)


PRINCIPAL = SelectorSpec(
    lambda k, random_state: PCA(n_components=k, svd_solver="full"),
    "reducer: the first K principal components",
)
DISCRIMINANT = SelectorSpec(
    lambda k, random_state: LinearDiscriminantAnalysis(n_components=k),
    "reducer: discriminant axes, at most one fewer than classes",
    default=_fewer_than_classes,
    most=_fewer_than_classes,
)
NONE = SelectorSpec(lambda k, random_state: "passthrough", "all features", default=lambda d, n_classes: d)
