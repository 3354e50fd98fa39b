"""Probabilities for classifiers that only give scores."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted, validate_data


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
    copies : int
        2 where the second half of the rows are the first half's mirror images: no face may be on both sides.
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

    def __init__(self, estimator, share=0.35, copies=1, random_state=0):
        self.estimator = estimator
        self.share = share
        self.copies = copies
        self.random_state = random_state

    def fit(self, X, y, blocks=None):
        """`blocks` (d,) is handed to an estimator that asks for the families of the columns."""
        X, y = validate_data(self, X, y)
        fit_params = {} if blocks is None else {"blocks": blocks}
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        self.classes_ = self.estimator_.classes_
        self.inverse_temperature_ = self._inverse_temperature(X, y, fit_params)
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

    def _inverse_temperature(self, X, y, fit_params):
        faces = np.arange(len(y) // self.copies)
        counts, n_train = np.unique(y[faces], return_counts=True)[1], int(self.share * len(faces))
        if n_train < 2:
            return 1.0
        stratified = counts.min() > 1 and min(n_train, len(faces) - n_train) >= len(counts)
        train, rest = train_test_split(
            faces, train_size=n_train, stratify=y[faces] if stratified else None, random_state=self.random_state
        )
        if len(np.unique(y[train])) < 2:
            return 1.0
        with_copies = np.concatenate([train + copy * len(faces) for copy in range(self.copies)])
        helper = clone(self.estimator).fit(X[with_copies], y[with_copies], **fit_params)
        test = rest[np.isin(y[rest], helper.classes_)][: max(len(train) // 2, 1)]
        if not len(test):
            return 1.0
        scores = _columns(helper.decision_function(X[test]))
        place = np.searchsorted(helper.classes_, y[test])

        def loss(log_beta):
            return -log_softmax(scores * np.exp(log_beta), axis=1)[np.arange(len(test)), place].mean()

        return float(np.exp(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x))


def _columns(scores):
    """Binary scores (n,) as two columns."""
    return np.column_stack([-scores / 2, scores / 2]) if scores.ndim == 1 else scores
