"""A support vector machine with squared errors: one linear system, which bears tables of thousands of columns."""

from functools import partial

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .calibration import TemperatureScaled
from .fit_metadata import rows_of_faces
from .spec import FEATURES, ClassifierSpec
from .whitening import PartlyWhitened

ROWS_AT_ONCE, ROWS_ANSWERED = 2048, 1024
MOST_CENTRES = 30_000  # rows up to which the kernel matrix is held whole, in 3.6 GB
SINGLE_PRECISION = 4096  # rows from which float32 halves memory and time; the answers agree to 1e-4
SMALL_CENTRES = 3000  # 4 MB of 136 coordinates and their mirror images
FEWER_CENTRES = 10_000  # faces that approximate it beyond


class LeastSquaresSVM(ClassifierMixin, BaseEstimator):
    """RBF support vector machine with squared errors: one linear system in place of a search for support vectors.

    As accurate as an SVM here, and made of matrix products: so it bears thousands of columns. Beyond
    30,000 faces, 10,000 drawn ones span the solution (Nystroem).

    Parameters
    ----------
    gamma : float
        Of the kernel, on axes that have a variance of 1 together.
    alpha : float
        What is added to the kernel's diagonal; 1 / C of an SVM.
    class_weight : None, "balanced", or dict by class
        "balanced" weighs rare classes up by the square root of what would even them out.
    power, n_components : of `PartlyWhitened`
    n_centres : int or None
        Faces that span the solution, drawn where there are more; None for all of up to 30,000.
    random_state : int

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
    whiten_ : fitted PartlyWhitened
    centres_ : ndarray of shape (views, m, axes)
    dual_coef_ : ndarray of shape (m, k)
    intercept_ : ndarray of shape (k,)

    References
    ----------
    Suykens and Vandewalle, "Least squares support vector machine classifiers", 1999.
    """

    def __init__(
        self, gamma=1.0, alpha=0.2, class_weight=None, power=0.6, n_components=600, n_centres=None, random_state=0
    ):
        self.gamma = gamma
        self.alpha = alpha
        self.class_weight = class_weight
        self.power = power
        self.n_components = n_components
        self.n_centres = n_centres
        self.random_state = random_state

    def fit(self, X, y, groups=None, faces=None, families=None):
        """Fit to `X` (n, d) and `y` (n,).

        Parameters
        ----------
        faces : array of shape (n,), or None
            Rows with equal number are views of one face, all faces having as many. They share their coefficients,
            which is exact and as small a system as of one view (Haasdonk and Burkhardt, "Invariant kernel functions",
            2007).
        groups : array of shape (n,), families : array of shape (d,), or None
            As of `PartlyWhitened`.
        """
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32))
        check_classification_targets(y)
        views = rows_of_faces(faces, len(y))
        self.classes_, codes = np.unique(y[views[0]], return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("A classifier needs two classes; y has one class.")
        self.whiten_ = PartlyWhitened(self.power, self.n_components).fit(X, families=families, groups=groups)
        self.dtype_ = "float32" if len(codes) > SINGLE_PRECISION else "float64"
        rows = self._whitened(X)
        target = np.where(codes[:, None] == np.arange(len(self.classes_)), 1.0, -1 / (len(self.classes_) - 1))
        importance = self._class_weights(codes)[codes]
        self.intercept_ = importance @ target / importance.sum()
        self._solve(rows[views], target - self.intercept_, importance)
        return self

    def _class_weights(self, codes):
        if self.class_weight == "balanced":
            return (np.bincount(codes) * len(self.classes_) / len(codes)) ** -0.5
        return compute_class_weight(self.class_weight, classes=self.classes_, y=self.classes_[codes])

    def _solve(self, rows, target, importance):
        """Coefficients by which the whole kernel, or the drawn faces' part of it, fits the targets best."""
        n = rows.shape[1]
        n_centres = self.n_centres or (n if n <= MOST_CENTRES else FEWER_CENTRES)
        if n <= n_centres:
            self.centres_ = rows
            system = np.empty((n, n), dtype=self.dtype_)
            for start in range(0, n, ROWS_AT_ONCE):
                part = slice(start, start + ROWS_AT_ONCE)
                system[part] = self._symmetric_kernel(rows[:, part])
            right = target
            system[np.diag_indices(n)] += self.alpha / importance
        else:
            drawn = np.sort(np.random.default_rng(self.random_state).choice(n, n_centres, replace=False))
            self.centres_ = rows[:, drawn]
            system = self.alpha * self._symmetric_kernel(self.centres_)
            right = np.zeros((len(drawn), target.shape[1]))
            for start in range(0, n, ROWS_AT_ONCE):
                part = slice(start, start + ROWS_AT_ONCE)
                kernel = self._symmetric_kernel(rows[:, part])
                weighted = kernel * importance[part, None].astype(self.dtype_)
                system += weighted.T @ kernel
                right += weighted.T @ target[part]
        self.dual_coef_ = _solve_positive(system, right)

    def _symmetric_kernel(self, rows):
        """Kernel of faces (views, m, axes) with the centres, the mean over the views of both: (m, centres)."""
        return sum(self._kernel(one, other) for one in rows for other in self.centres_) / len(rows) ** 2

    def _kernel(self, one, other):
        kernel = one @ other.T
        kernel *= 2
        kernel -= (one**2).sum(axis=1)[:, None]
        kernel -= (other**2).sum(axis=1)
        np.minimum(kernel, 0, out=kernel)
        kernel *= kernel.dtype.type(self.gamma)
        return np.exp(kernel, out=kernel)

    def decision_function(self, X):
        """Scores (n, k), or (n,) of the second of two classes."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        scores = np.empty((len(X), len(self.classes_)))
        # In double precision, whatever it was fitted in: in single, a face alone differs from one in a batch.
        centres = self.centres_.astype(np.float64, copy=False)
        for start in range(0, len(X), ROWS_ANSWERED):
            rows = self.whiten_.transform(X[start : start + ROWS_ANSWERED]).astype(np.float64, copy=False)
            kernel = sum(self._kernel(rows, view) for view in centres) / len(centres)
            scores[start : start + ROWS_ANSWERED] = kernel @ self.dual_coef_ + self.intercept_
        return scores if len(self.classes_) > 2 else scores[:, 1] - scores[:, 0]

    def predict(self, X):
        scores = self.decision_function(X)
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return self.classes_[best]

    def _whitened(self, X):
        return np.ascontiguousarray(self.whiten_.transform(X), dtype=self.dtype_)


def _solve_positive(system, right):
    """The solution of a positive definite system, which is overwritten.

    float32 rounds off the smallest eigenvalues: where that leaves a negative one, the diagonal is raised a little.
    """
    diagonal = system.diagonal().copy()
    for raised in (0, 1e-4, 1e-3, 1e-2):
        system[np.diag_indices(len(system))] = diagonal * (1 + raised)
        try:
            # The transpose is the same matrix, in the order that LAPACK overwrites without a copy.
            factor = cho_factor(system.T, lower=False, overwrite_a=True, check_finite=False)
            return cho_solve(factor, right.astype(system.dtype), check_finite=False)
        except LinAlgError:
            whole = np.triu(system, 1)  # the half that LAPACK leaves alone
            system = whole + whole.T
    raise ValueError("The kernel's matrix is singular: raise `alpha`.")


def _build(*, random_state, class_weight, n_centres=None):
    svm = LeastSquaresSVM(class_weight=class_weight, n_centres=n_centres, random_state=random_state)
    return TemperatureScaled(svm, random_state=random_state)


SPACE = {
    "estimator__gamma": (0.5, 1, 2, 4),
    "estimator__power": (0.25, 0.5, 0.75),
    "estimator__alpha": (0.05, 0.1, 0.2, 0.4),
}
TRUSTED = (LeastSquaresSVM, PartlyWhitened, TemperatureScaled)

LSSVM = ClassifierSpec(
    _build,
    FEATURES,
    "least-squares SVM, RBF kernel on partly whitened axes of each family; bears thousands of columns",
    space=SPACE,
    trusted=TRUSTED,
)
LSSVM_NYSTROEM = ClassifierSpec(
    partial(_build, n_centres=SMALL_CENTRES),
    FEATURES,
    "the same spanned by 3,000 drawn faces: a file of a few megabytes",
    space=SPACE,
    trusted=TRUSTED,
)
