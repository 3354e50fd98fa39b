"""Selectors that drop the features which a linear model needs least, a tenth at a time."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import RFE, SelectorMixin
from sklearn.linear_model import RidgeClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data.scores import macro_f1
from .inner import inner_folds
from .spec import SelectorSpec


class CrossValidatedElimination(SelectorMixin, BaseEstimator):
    """Recursive elimination by a ridge classifier, to the number of features that scores best, at most `k`.

    Features are dropped a tenth at a time. Numbers from `k` down, each three
    quarters of the one before, are scored by macro F1 on folds within the
    training part, which `groups` do not cross; the smaller of equals wins.

    Parameters
    ----------
    k : int, the most to keep
    n_folds : int
    random_state : int, of the folds

    Attributes
    ----------
    sizes_ : ndarray of shape (s,), int
        Numbers that were tried, falling.
    scores_ : ndarray of shape (s,), float
        Their mean macro F1, 0 to 1; NaN where there was too little to split.
    support_ : ndarray of shape (d,), bool

    References
    ----------
    Guyon et al., "Gene Selection for Cancer Classification using Support Vector Machines", Machine Learning 2002.
    """

    def __init__(self, k=10, n_folds=3, random_state=0):
        self.k = k
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X, y, groups=None):
        """Fit on X (n, d), y (n,), and `groups` (n,) of rows that stay together."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.sizes_ = _falling(min(self.k, X.shape[1]))
        folds = inner_folds(y, groups, n_folds=self.n_folds, random_state=self.random_state)
        scores = [
            [_score(X[:, kept], y, *fold) for kept in _eliminated(X[fold[0]], y[fold[0]], self.sizes_)]
            for fold in folds
        ]
        self.scores_ = np.mean(scores, axis=0) if folds else np.full(len(self.sizes_), np.nan)
        best = np.flatnonzero(self.scores_ == self.scores_.max())[-1] if folds else 0
        kept = list(_eliminated(X, y, self.sizes_[: best + 1]))[-1]
        self.support_ = np.isin(np.arange(X.shape[1]), kept)
        return self

    def _get_support_mask(self):
        check_is_fitted(self)
        return self.support_


def _falling(k):
    sizes = [k]
    while sizes[-1] > 1:
        sizes.append(min(round(0.75 * sizes[-1]), sizes[-1] - 1))
    return np.array(sizes)


def _eliminated(X, y, sizes):
    """Columns that are left at each of the falling sizes."""
    kept = np.arange(X.shape[1])
    for size in sizes:
        while len(kept) > size:
            weight = np.square(np.atleast_2d(RidgeClassifier().fit(X[:, kept], y).coef_)).sum(axis=0)
            n_left = max(size, len(kept) - max(1, len(kept) // 10))
            kept = np.sort(kept[np.argsort(-weight, kind="stable")[:n_left]])
        yield kept


def _score(X, y, train, valid):
    predicted = RidgeClassifier().fit(X[train], y[train]).predict(X[valid])
    return macro_f1(y[valid], predicted)


RECURSIVE = SelectorSpec(
    lambda k, random_state: RFE(RidgeClassifier(), n_features_to_select=k, step=0.1),
    "recursive elimination of the smallest weights of a ridge classifier, a tenth at a time",
)
CROSS_VALIDATED = SelectorSpec(
    lambda k, random_state: CrossValidatedElimination(k, random_state=random_state),
    "as rfe, to the number that scores best on folds within the training part, at most K",
    trusted=(CrossValidatedElimination,),
)
