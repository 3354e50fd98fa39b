"""Linear models: logistic regression and discriminant analysis."""

import numpy as np
from scipy.linalg import cho_factor, cho_solve, svd
from scipy.sparse import issparse
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import validate_data

from .row_coordinates import in_columns, row_coordinates
from .spec import FEATURES, ClassifierSpec

NEGLIGIBLE = 1e-12  # of the mean variance


class ShrunkLDA(LinearDiscriminantAnalysis):
    """LDA by least squares, which solves the small problem where columns outnumber rows and are shrunken.

    scikit-learn makes a covariance of all columns, for 9,760 of them 762 MB and minutes of work. It is a diagonal
    plus a product of the centred rows: by Woodbury's identity its inverse takes a system of as many equations as
    there are rows. The answers are the same; `covariance_` is not kept then.

    References
    ----------
    Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal of
    Multivariate Analysis 88 (2004).
    """

    def _solve_lstsq(self, X, y, shrinkage, covariance_estimator):
        if X.shape[1] <= X.shape[0] or shrinkage is None or covariance_estimator is not None:
            super()._solve_lstsq(X, y, shrinkage, covariance_estimator)
            return
        rows, diagonal = _within_classes(X, y, self.priors_, shrinkage)
        self.means_ = np.stack([X[y == label].mean(axis=0, dtype=np.float64) for label in self.classes_])
        negligible = NEGLIGIBLE * ((rows**2).sum() / rows.shape[1] + diagonal.mean())
        # Of two rows a class Ledoit and Wolf shrink nothing: the least squares of least length, as scikit-learn's.
        solve = _solve_with_diagonal if diagonal.min() > negligible else _solve_of_least_length
        self.coef_ = solve(rows, diagonal, self.means_.T).T
        self.intercept_ = np.log(self.priors_) - 0.5 * (self.means_ * self.coef_).sum(axis=1)


class RowSpaceLogisticRegression(LogisticRegression):
    """Logistic regression that solves the small problem where columns outnumber rows.

    Coefficients that are as small as they can be (L2) are sums of training rows, so that any coordinates of the rows
    that keep their inner products will do: those of Cholesky's factor are as many as there are rows. The solution is
    the same, and each step towards it takes n / d of the time.
    """

    def fit(self, X, y, sample_weight=None):
        rows, labels = validate_data(self, X, y, dtype=(np.float64, np.float32), accept_sparse="csr")
        if issparse(rows) or rows.shape[1] <= rows.shape[0]:
            return super().fit(X, y, sample_weight)
        names = getattr(self, "feature_names_in_", None)
        coordinates = row_coordinates(rows)
        super().fit(coordinates, labels, sample_weight)
        self.coef_ = in_columns(rows, coordinates, self.coef_.T).T
        self.n_features_in_ = rows.shape[1]
        if names is not None:
            self.feature_names_in_ = names
        return self


class BalancedPriorLDA(ShrunkLDA):
    """LDA whose classes are equally likely beforehand, whatever their counts."""

    def fit(self, X, y):
        n_classes = max(len(np.unique(np.asarray(y))), 1)
        self.priors = np.full(n_classes, 1 / n_classes)
        try:
            return super().fit(X, y)
        finally:
            self.priors = None  # fit leaves parameters as they were given


def _within_classes(X, y, priors, shrinkage):
    """Rows R (n, d) and a diagonal t (d,) with R'R + diag(t) = the shrunken covariance within classes."""
    centred, diagonal = np.empty(X.shape), np.zeros(X.shape[1])
    for label, prior in zip(np.unique(y), priors):
        of_class = y == label
        rows = X[of_class] - X[of_class].mean(axis=0, dtype=np.float64)
        n, d = rows.shape
        spread = rows.std(axis=0) if shrinkage == "auto" else np.ones(d)
        spread[spread == 0] = 1
        share = _ledoit_wolf(rows / spread) if shrinkage == "auto" else shrinkage
        mean_variance = ((rows / spread) ** 2).sum() / (n * d)
        centred[of_class] = rows * np.sqrt(prior * (1 - share) / n)
        diagonal += prior * share * mean_variance * spread**2
    return centred, diagonal


def _ledoit_wolf(rows):
    """Ledoit and Wolf's share of shrinkage from centred rows (n, d), through their products (n, n).

    scikit-learn's `ledoit_wolf_shrinkage` goes through those of the columns (d, d).
    """
    n, d = rows.shape
    squares = (rows**2).sum(axis=1)
    of_products = ((rows @ rows.T) ** 2).sum() / n**2
    variance = squares.sum() / n
    distance = of_products - variance**2 / d
    error = min(((squares**2).sum() / n - of_products) / n, distance)
    return error / distance if error > 0 else 0.0


def _solve_with_diagonal(rows, diagonal, right):
    """x of (R'R + diag(t)) x = b for rows R (n, d), which are overwritten, and b (d, k): Woodbury's identity."""
    scale = np.sqrt(diagonal)
    rows /= scale
    right = right / scale[:, None]
    system = rows @ rows.T
    system[np.diag_indices(len(system))] += 1
    right = right - rows.T @ cho_solve(cho_factor(system, overwrite_a=True), rows @ right)
    return right / scale[:, None]


def _solve_of_least_length(rows, diagonal, right):
    """The same where the diagonal is nothing: of all least-squares solutions the shortest."""
    _, lengths, axes = svd(rows, full_matrices=False)
    kept = lengths**2 > np.finfo(float).eps * lengths[0] ** 2
    return axes[kept].T @ (axes[kept] @ right / lengths[kept, None] ** 2)


def _logreg(*, random_state, class_weight):
    return RowSpaceLogisticRegression(C=1.0, max_iter=1000, class_weight=class_weight)


def _lda(*, random_state, class_weight):
    return (BalancedPriorLDA if class_weight else ShrunkLDA)(solver="lsqr", shrinkage="auto")


LOGREG = ClassifierSpec(
    _logreg,
    FEATURES,
    "multinomial logistic regression",
    space={"C": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10)},
    trusted=(RowSpaceLogisticRegression,),
)
LDA = ClassifierSpec(
    _lda,
    FEATURES,
    "linear discriminant analysis with shrinkage",
    space={"shrinkage": ("auto", 0.001, 0.01, 0.03, 0.1, 0.3, 0.6)},
    trusted=(BalancedPriorLDA, ShrunkLDA),
)
