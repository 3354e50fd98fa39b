"""Principal axes, partly whitened: what kernel machines see faces on."""

import numpy as np
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.extmath import randomized_svd
from sklearn.utils.validation import check_is_fitted, validate_data

SMALLEST_VARIANCE = 1e-6  # of a family's largest; axes below hold nothing but rounding
WIDE = 4  # times as many columns as axes asked for
POWER_STEPS = 7


class PartlyWhitened(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Principal axes, each divided by its standard deviation to a power: 0 leaves them alone, 1 whitens them.

    Faces differ most in build and in the turn of the head; what an expression moves varies little, and a kernel that
    weighs all axes alike hardly sees it. Whitened wholly, the noise of the last axes is as loud as everything else.
    On a fold of FER2013 an SVM on 136 aligned coordinates gave 57 % at power 0, 61 % at 0.5 to 0.75, 60 % at 1.

    Parameters
    ----------
    power : float, 0 to 1
    n_components : int
        Most axes of a family.

    Attributes
    ----------
    mean_ : ndarray of shape (d,)
    axes_ : list of (columns, ndarray of shape (columns, axes)), one a block
    """

    def __init__(self, power=0.6, n_components=600):
        self.power = power
        self.n_components = n_components

    def fit(self, X, y=None, families=None):
        """Learn the axes of `X` (n, d); `families` (d,) names the family of each column, None makes it one.

        Every family is decomposed by itself and comes out with a total variance of 1, so that one of thousands of
        columns does not drown one of a hundred.
        """
        X = validate_data(self, X, dtype=(np.float64, np.float32))
        families = np.zeros(X.shape[1], dtype=np.int64) if families is None else np.asarray(families)
        self.mean_ = X.mean(axis=0)
        self.axes_ = []
        for family in np.unique(families):
            columns = np.flatnonzero(families == family)
            self.axes_.append((columns, self._axes(X[:, columns] - self.mean_[columns])))
        self._n_features_out = sum(axes.shape[1] for _, axes in self.axes_)
        return self

    def _axes(self, X):
        variance, axes = _principal(X.T @ X / len(X), self.n_components)
        kept = variance > SMALLEST_VARIANCE * max(variance[0], np.finfo(float).tiny)
        kept[0] = True
        variance, axes = variance[kept], axes[:, kept]
        axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
        scaled = axes * np.maximum(variance, np.finfo(float).tiny) ** (-self.power / 2)
        total = (variance ** (1 - self.power)).sum()
        return scaled / np.sqrt(max(total, np.finfo(float).tiny))

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        return np.hstack([(X[:, columns] - self.mean_[columns]) @ axes for columns, axes in self.axes_])


def _principal(covariance, n_components):
    """The largest variances (k,), falling, and their axes (d, k) of a covariance (d, d).

    Where few of many axes are asked for, they are found in a random subspace: 9,604 columns take seconds, not minutes.
    """
    d = len(covariance)
    if d > WIDE * n_components:
        axes, variance, _ = randomized_svd(covariance, n_components, n_iter=POWER_STEPS, random_state=0)
        return variance, axes
    variance, axes = eigh(covariance, subset_by_index=[max(0, d - n_components), d - 1])
    return variance[::-1], axes[:, ::-1]
