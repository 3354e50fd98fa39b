"""Selectors and reducers, by name. Each is one step of the pipeline, fitted within the fold."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, f_classif, mutual_info_classif
from sklearn.linear_model import RidgeClassifier
from sklearn.svm import LinearSVC

from .ranking import MRMR, CrossValidatedElimination, range_variance
from ..data.errors import LineamentError, check_choice

DEFAULT_N_FEATURES = 60


@dataclass(frozen=True)
class SelectorSpec:
    """`build(k, random_state)` gives the transformer; `default(d, n_classes)` the k where none is given.

    `grouped`: its `fit` takes `groups` (n,), rows that no split of its own may part.
    """

    build: Callable
    about: str
    default: Callable[[int, int], int] = lambda d, n_classes: min(DEFAULT_N_FEATURES, d)
    most: Callable[[int, int], int] = lambda d, n_classes: d
    grouped: bool = False


def _components(d, n_classes):
    return min(n_classes - 1, d)


SELECTORS = {
    "none": SelectorSpec(lambda k, random_state: "passthrough", "all features", default=lambda d, n_classes: d),
    "variance": SelectorSpec(
        lambda k, random_state: SelectKBest(range_variance, k=k),
        "the K with the largest variance in units of their own range; labels are not looked at",
    ),
    "anova": SelectorSpec(
        lambda k, random_state: SelectKBest(f_classif, k=k),
        "the K with the largest F statistic between classes",
    ),
    "mutual_info": SelectorSpec(
        lambda k, random_state: SelectKBest(partial(mutual_info_classif, random_state=random_state), k=k),
        "the K with the largest mutual information with the class (Ross 2014); slow on many rows",
    ),
    "rfe": SelectorSpec(
        lambda k, random_state: RFE(RidgeClassifier(), n_features_to_select=k, step=0.1),
        "recursive elimination of the smallest weights of a ridge classifier, a tenth at a time",
    ),
    "rfecv": SelectorSpec(
        lambda k, random_state: CrossValidatedElimination(k, random_state=random_state),
        "as rfe, to the number that scores best on folds within the training part, at most K",
        grouped=True,
    ),
    "mrmr": SelectorSpec(
        lambda k, random_state: MRMR(k),
        "K one by one, by F statistic over correlation with those chosen before (mRMR, Ding and Peng 2005)",
    ),
    "forest": SelectorSpec(
        lambda k, random_state: SelectFromModel(
            ExtraTreesClassifier(200, min_samples_leaf=2, class_weight="balanced", random_state=random_state),
            threshold=-np.inf,
            max_features=k,
        ),
        "the K that most reduce impurity in a forest of 200 extremely randomised trees",
    ),
    "l1": SelectorSpec(
        lambda k, random_state: SelectFromModel(
            LinearSVC(penalty="l1", dual=False, C=0.05, tol=1e-3, random_state=random_state), max_features=k
        ),
        "at most K with a weight in an L1-penalised linear SVM",
    ),
    "pca": SelectorSpec(
        lambda k, random_state: PCA(n_components=k, svd_solver="full"),
        "reducer: the first K principal components",
    ),
    "lda": SelectorSpec(
        lambda k, random_state: LinearDiscriminantAnalysis(n_components=k),
        "reducer: discriminant axes, at most one fewer than classes",
        default=_components,
        most=_components,
    ),
}


def resolve_n_features(selector: str, n_features: int | None, *, d: int, n_classes: int) -> int:
    """The K that a selector will keep of d features.

    Raises
    ------
    LineamentError
        For an unknown selector, K below 1 or above what there is, or K given to `none`.
    """
    spec = SELECTORS[check_choice("selector", selector, SELECTORS)]
    if n_features is None:
        return spec.default(d, n_classes)
    if selector == "none":
        raise LineamentError("--n-features needs a selector. Add --selector, such as --selector anova.")
    most = spec.most(d, n_classes)
    if not 1 <= n_features <= most:
        raise LineamentError(
            f"--n-features {n_features} is not between 1 and the {most} that '{selector}' can keep here."
        )
    return n_features
