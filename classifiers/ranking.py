"""Selectors that rank features by what they tell, without a model of them."""

from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectKBest, SelectorMixin, f_classif, mutual_info_classif
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .spec import SelectorSpec

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


VARIANCE = SelectorSpec(
    lambda k, random_state: SelectKBest(range_variance, k=k),
    "the K with the largest variance in units of their own range; labels are not looked at",
    trusted=(range_variance,),
)
ANOVA = SelectorSpec(
    lambda k, random_state: SelectKBest(f_classif, k=k),
    "the K with the largest F statistic between classes",
    trusted=(f_classif,),
)
MUTUAL_INFO = SelectorSpec(
    lambda k, random_state: SelectKBest(partial(mutual_info_classif, random_state=random_state), k=k),
    "the K with the largest mutual information with the class (Ross 2014); slow on many rows",
    trusted=(partial, mutual_info_classif),
)
MINIMUM_REDUNDANCY = SelectorSpec(
    lambda k, random_state: MRMR(k),
    "K one by one, by F statistic over correlation with those chosen before (mRMR, Ding and Peng 2005)",
    trusted=(MRMR,),
)
