"""What selectors rank features by, where scikit-learn has no such ranking."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin, f_classif
from sklearn.linear_model import RidgeClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data.scores import macro_f1
from .inner import inner_folds

COPY = 0.9999  # correlation from which a feature is a copy of another


def range_variance(X, y=None):
    """Variance of each feature (d,) in units of its own range, from the 1st to the 99th percentile.

    Plain variance depends on units, and is 1 for all once they are scaled.
    This does not change when a feature is shifted or stretched: about 0.05
    for a bell curve, 0.08 for even spread, more for two clusters; 0 for a
    feature that is constant but for a few rows.
    """
    low, high = np.percentile(X, [1, 99], axis=0)
    width = high - low
    inside = np.clip(X, low, high)  # beyond the range, outliers would count by their square
    return np.divide(inside.var(axis=0), width**2, out=np.zeros(X.shape[1]), where=width > 1e-9)


class MRMR(SelectorMixin, BaseEstimator):
    """Minimum redundancy, maximum relevance: F statistic over mean correlation with what is chosen (FCQ).

    Features are taken one by one. The correlation counts as at least
    1 / sqrt(n), which is what chance gives: else noise that happens to be
    uncorrelated would win. A copy of a chosen feature waits until nothing
    else is left.

    Parameters
    ----------
    k : int, how many to keep

    Attributes
    ----------
    order_ : ndarray of shape (k,), int
        Columns in the order they were taken.

    References
    ----------
    Ding and Peng, "Minimum Redundancy Feature Selection from Microarray Gene Expression Data", J. Bioinformatics and
    Computational Biology 2005; Peng, Long and Ding, IEEE TPAMI 2005.
    """

    def __init__(self, k=10):
        self.k = k

    def fit(self, X, y):
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        with np.errstate(divide="ignore", invalid="ignore"):  # constant columns, and perfect ones
            relevance = np.nan_to_num(f_classif(X, y)[0], nan=0.0, posinf=np.finfo(float).max / len(X))
        X = X - X.mean(axis=0)
        X /= np.maximum(np.linalg.norm(X, axis=0), np.finfo(float).tiny)
        least = 1 / np.sqrt(len(X))
        total = np.zeros(X.shape[1])  # of the correlations with what is chosen
        waits = np.zeros(X.shape[1], dtype=int)  # 0 free, 1 a copy, 2 chosen
        self.order_ = np.empty(min(self.k, X.shape[1]), dtype=np.int64)
        for place in range(len(self.order_)):
            score = relevance / np.maximum(total / max(place, 1), least)
            free = np.flatnonzero(waits == waits.min())
            chosen = free[score[free].argmax()]
            correlation = np.abs(X[:, chosen] @ X)  # (d,)
            total += correlation
            waits = np.maximum(waits, correlation > COPY)
            waits[chosen] = 2
            self.order_[place] = chosen
        return self

    def _get_support_mask(self):
        check_is_fitted(self)
        mask = np.zeros(self.n_features_in_, dtype=bool)
        mask[self.order_] = True
        return mask


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
