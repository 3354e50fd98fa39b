"""Probabilities for classifiers that only give scores."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from .fit_metadata import fit_params, of_rows, rows_of_faces
from .inner import inner_folds

CROSS_FITTED = 3000  # faces up to which each of them is scored by a helper; of more, a sixth of them is enough
SURE = 1e-7


class TemperatureScaled(ClassifierMixin, BaseEstimator):
    """Softmax of the scores times one number, the inverse temperature, which changes no label.

    The number is learned from scores of helpers for faces that they were not fitted on, because scores of others are
    too sure. Groups stay on one side: a person or a copy that a helper knows is scored too surely as well. Of many
    faces there is one helper, fitted on a third of them, so that an SVM (quadratic in the rows) pays little for it.
    Where there are too few to part them so, the number is 1: scores stay as they are.

    Parameters
    ----------
    estimator : classifier with `decision_function`
    n_folds : int
        Parts that the faces are dealt into.
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

    def __init__(self, estimator, n_folds=3, random_state=0):
        self.estimator = estimator
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X, y, groups=None, faces=None, families=None):
        """Fit on `X` (n, d) and `y` (n,).

        Parameters
        ----------
        groups : array of shape (n,), or None
            Rows with equal number stay on one side of every split.
        faces : array of shape (n,), or None
            Rows with equal number are views of one face, all faces having as many: no face is on both sides.
        families : array of shape (d,), or None
            The family of each column. All of these are handed to an estimator that takes them.
        """
        X, y = validate_data(self, X, y)
        self.estimator_ = clone(self.estimator)
        self.estimator_.fit(X, y, **fit_params(self.estimator, groups=groups, faces=faces, families=families))
        self.classes_ = self.estimator_.classes_
        self.inverse_temperature_ = self._best_temperature(list(self._unseen(X, y, groups, faces, families)))
        return self

    def decision_function(self, X):
        """Scores (n, k), or (n,) for two classes."""
        check_is_fitted(self)
        return self.estimator_.decision_function(validate_data(self, X, reset=False))

    def predict_proba(self, X):
        """Class probabilities (n, k)."""
        scores = TemperatureScaled.decision_function(self, X)
        return np.exp(self._log_proba(scores, self.inverse_temperature_))

    def predict(self, X):
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    @staticmethod
    def _log_proba(scores, inverse_temperature):
        """Logarithms of class probabilities (n, k) from the scores of an estimator."""
        return log_softmax(_columns(scores) * inverse_temperature, axis=1)

    def _unseen(self, X, y, groups, faces, families):
        """Scores of faces (m, ...) unseen by a helper, and which of its classes (m,) is their own; by helper."""
        views = rows_of_faces(faces, len(y))
        first = views[0]
        for train, test in self._parts(y[first], *of_rows(first, groups)):
            rows = views[:, train].ravel()
            row_groups, row_faces = of_rows(rows, groups, faces)
            helper = clone(self.estimator)
            helper.fit(X[rows], y[rows], **fit_params(helper, groups=row_groups, faces=row_faces, families=families))
            test = first[test]
            test = test[np.isin(y[test], helper.classes_)]
            if len(test):
                yield helper.decision_function(X[test]), np.searchsorted(helper.classes_, y[test])

    def _parts(self, y, groups):
        """(faces that a helper is fitted on, faces that it scores), one of them or as many as there are folds."""
        folds = inner_folds(y, groups, n_folds=self.n_folds, random_state=self.random_state)
        if len(y) <= CROSS_FITTED or not folds:
            return folds
        rest, part = folds[0]
        if len(np.unique(y[part])) < 2:
            return folds[:1]
        scored = np.random.default_rng(self.random_state).permutation(rest)[: len(part) // 2]
        return [(part, np.sort(scored))]

    def _best_temperature(self, scored):
        """The number by which scores of all helpers have the least log loss; 1 without any."""
        if not scored:
            return 1.0

        def loss(log_beta):
            beta = np.exp(log_beta)
            return -sum(self._log_proba(scores, beta)[np.arange(len(own)), own].sum() for scores, own in scored)

        return float(np.exp(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x))


class PairwiseCoupled(TemperatureScaled):
    """Probabilities from margins of all pairs of classes, of an `SVC` with `decision_function_shape="ovo"`.

    A sigmoid of the margin times one number, learned as in `TemperatureScaled`, says how likely each class is beside
    each other one; what all of these say together are the probabilities. scikit-learn's scores by class are pairs that
    it has won, plus at most a third for the margins: nearly the same for a face between two classes as for one that
    only its own class wants. Platt's sigmoid has two numbers a pair, too many for rare labels.

    References
    ----------
    Wu, Lin and Weng, "Probability Estimates for Multi-class Classification by Pairwise Coupling", JMLR 5 (2004).
    """

    def decision_function(self, X):
        """Logarithms of the probabilities (n, k), or the margin (n,) of the second of two classes."""
        scores = super().decision_function(X)
        return scores if scores.ndim == 1 else self._log_proba(scores, self.inverse_temperature_)

    @staticmethod
    def _log_proba(scores, inverse_temperature):
        first = expit((-scores[:, None] if scores.ndim == 1 else scores) * inverse_temperature)
        return np.log(np.maximum(coupled(first), np.finfo(float).tiny))


def coupled(first: np.ndarray) -> np.ndarray:
    """Probabilities (n, k) that agree best with those of pairs.

    Minimises the sum of (r_ji p_i - r_ij p_j)² over pairs, Wu, Lin and Weng's second approach.

    Parameters
    ----------
    first : ndarray of shape (n, k * (k - 1) / 2)
        How likely the first class of a pair is, given that it is one of the two; pairs (0, 1), (0, 2), …, (1, 2), ….
    """
    first = np.clip(first, SURE, 1 - SURE)  # as libsvm does: of a cycle of certainties there is no solution
    n, pairs = first.shape
    k = round((1 + np.sqrt(1 + 8 * pairs)) / 2)
    above = np.triu_indices(k, 1)
    beside = np.zeros((n, k, k))
    beside[:, above[0], above[1]] = first
    beside[:, above[1], above[0]] = 1 - first
    # The constraint that probabilities add up to 1 stands in the last row and column (Lagrange).
    system = np.zeros((n, k + 1, k + 1))
    system[:, :k, :k] = -beside * beside.transpose(0, 2, 1)
    diagonal = np.arange(k)
    system[:, diagonal, diagonal] = (beside**2).sum(axis=1)
    system[:, k, :k] = system[:, :k, k] = 1
    right = np.zeros((n, k + 1, 1))
    right[:, k] = 1
    return np.clip(np.linalg.solve(system, right)[:, :k, 0], 0, 1)


def _columns(scores):
    """Binary scores (n,) as two columns."""
    return np.column_stack([-scores / 2, scores / 2]) if scores.ndim == 1 else scores
