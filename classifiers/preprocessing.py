"""Imputing, scaling and leaving out constants, without copies of a table of descriptors, which is gigabytes."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing, gen_batches
from sklearn.utils.validation import _num_samples, check_is_fitted, validate_data

COLUMNS_AT_ONCE = 64
ROWS_AT_ONCE = 4096


class MedianImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill NaN with the column's median over the training rows, or 0 where it has none.

    scikit-learn's SimpleImputer does the same through masked arrays, in several times the table's memory.

    Attributes
    ----------
    statistics_ : ndarray of shape (d,)
    """

    def fit(self, X, y=None):
        X = self._checked(X, reset=True)
        self.statistics_ = np.concatenate(
            [_medians(X[:, start : start + COLUMNS_AT_ONCE]) for start in range(0, X.shape[1], COLUMNS_AT_ONCE)]
        )
        return self

    def transform(self, X):
        """`X` itself where nothing is missing, else a filled copy."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        missing = np.isnan(X)
        return np.where(missing, self.statistics_.astype(X.dtype), X) if missing.any() else X

    def _checked(self, X, *, reset):
        return validate_data(self, X, reset=reset, dtype=(np.float64, np.float32), ensure_all_finite="allow-nan")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class Varying(SelectorMixin, BaseEstimator):
    """The columns that are not the same in every row.

    scikit-learn's VarianceThreshold chooses the same ones through five copies of the table in float64.

    Attributes
    ----------
    varies_ : ndarray of shape (d,), bool
    """

    def fit(self, X, y=None):
        X = validate_data(self, X, dtype=(np.float64, np.float32), ensure_all_finite="allow-nan")
        self.varies_ = np.fmax.reduce(X, axis=0) > np.fmin.reduce(X, axis=0)
        if not self.varies_.any():
            raise ValueError(f"All of the {X.shape[1]} measurements are the same in all {X.shape[0]} sample(s).")
        return self

    def _get_support_mask(self):
        check_is_fitted(self)
        return self.varies_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class BatchedScaler(StandardScaler):
    """scikit-learn's StandardScaler, learned from some rows at a time; of all at once it makes copies in float64."""

    def fit(self, X, y=None):
        if _num_samples(X) <= ROWS_AT_ONCE:
            return super().fit(X)
        self._reset()
        for rows in gen_batches(_num_samples(X), ROWS_AT_ONCE):
            self.partial_fit(_safe_indexing(X, rows))
        return self


def _medians(X):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice")
        columns = np.ascontiguousarray(X.T)  # ten times faster than across rows
        return np.nan_to_num(np.nanmedian(columns, axis=1) if np.isnan(columns).any() else np.median(columns, axis=1))
