"""Probabilities for classifiers that only give scores."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted, validate_data

from .fit_metadata import fit_params, of_rows, rows_of_faces


class TemperatureScaled(ClassifierMixin, BaseEstimator):
    """Softmax of the scores times one number, the inverse temperature, which changes no label.

    The number is learned from a helper that is fitted on a `share` of the
    rows and scored on others, because scores of rows that a model was fitted
    on are too sure. The helper is small, so an SVM (quadratic in the rows)
    pays little for it; cross-validated calibration would fit it several times.
    Where the rows are too few to part them so, the number is 1: scores stay
    as they are.

    Parameters
    ----------
    estimator : classifier with `decision_function`
    share : fraction of the rows that the helper is fitted on, and at most that many are scored
    random_state : int

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
    estimator_ : the estimator, fitted on all rows
    inverse_temperature_ : float

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """

    def __init__(self, estimator, share=0.35, random_state=0):
        self.estimator = estimator
        self.share = share
        self.random_state = random_state

    def fit(self, X, y, faces=None, families=None):
        """Fit on `X` (n, d) and `y` (n,).

        Parameters
        ----------
        faces : array of shape (n,), or None
            Rows with equal number are views of one face, all faces having as many: no face is on both sides.
        families : array of shape (d,), or None
            The family of each column. Both are handed to an estimator that takes them.
        """
        X, y = validate_data(self, X, y)
        self.estimator_ = clone(self.estimator)
        self.estimator_.fit(X, y, **fit_params(self.estimator, faces=faces, families=families))
        self.classes_ = self.estimator_.classes_
        self.inverse_temperature_ = self._inverse_temperature(X, y, faces, families)
        return self

    def decision_function(self, X):
        """Scores (n, k), or (n,) for two classes."""
        check_is_fitted(self)
        return self.estimator_.decision_function(validate_data(self, X, reset=False))

    def predict_proba(self, X):
        """Class probabilities (n, k)."""
        return softmax(_columns(self.decision_function(X)) * self.inverse_temperature_, axis=1)

    def predict(self, X):
        scores = self.decision_function(X)
        return self.classes_[_columns(scores).argmax(axis=1)]

    def _inverse_temperature(self, X, y, faces, families):
        views = rows_of_faces(faces, len(y))
        first = views[0]
        train, rest = self._parted(y[first])
        if len(np.unique(y[first[train]])) < 2:
            return 1.0
        shown = views[:, train].ravel()
        (shown_faces,) = of_rows(shown, faces)
        helper = clone(self.estimator)
        helper.fit(X[shown], y[shown], **fit_params(helper, faces=shown_faces, families=families))
        rest = first[rest]
        test = rest[np.isin(y[rest], helper.classes_)][: max(len(train) // 2, 1)]
        if not len(test):
            return 1.0
        scores = _columns(helper.decision_function(X[test]))
        place = np.searchsorted(helper.classes_, y[test])

        def loss(log_beta):
            return -log_softmax(scores * np.exp(log_beta), axis=1)[np.arange(len(test)), place].mean()

        return float(np.exp(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x))

    def _parted(self, y):
        """Faces that the helper is fitted on, and the others; all of them others where it would get fewer than two."""
        n, n_train = len(y), int(self.share * len(y))
        if n_train < 2:
            return np.arange(0), np.arange(n)
        counts = np.unique(y, return_counts=True)[1]
        stratified = counts.min() > 1 and min(n_train, n - n_train) >= len(counts)
        return train_test_split(
            np.arange(n), train_size=n_train, stratify=y if stratified else None, random_state=self.random_state
        )


def _columns(scores):
    """Binary scores (n,) as two columns."""
    return np.column_stack([-scores / 2, scores / 2]) if scores.ndim == 1 else scores
