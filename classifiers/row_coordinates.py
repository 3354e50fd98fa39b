"""Tables that are wider than long are solved in as many coordinates as there are rows."""

import numpy as np
from scipy.linalg import cholesky, solve_triangular

COLUMNS_AT_ONCE = 512
JITTER = 1e-10  # of the mean squared length of the rows


def inner_products(X: np.ndarray) -> np.ndarray:
    """XX' (n, n) of rows X (n, d), float64 whatever X is, without a copy of the whole table.

    Sums of thousands of float32 are exact to five digits, which is what tells the last axes from nothing.
    """
    products = np.zeros((len(X), len(X)))
    for start in range(0, X.shape[1], COLUMNS_AT_ONCE):
        part = X[:, start : start + COLUMNS_AT_ONCE].astype(np.float64)
        products += part @ part.T
    return products


def row_coordinates(X: np.ndarray) -> np.ndarray:
    """L (n, n), lower, with LL' = XX': coordinates of the rows of X (n, d) that keep all angles and lengths.

    References
    ----------
    Hastie and Tibshirani, "Efficient quadratic regularization for expression arrays", Biostatistics 5 (2004).
    """
    products = inner_products(X)
    # Copies of a row make them singular by rounding; this is 1e-5 of a row's length in a direction of its own.
    products[np.diag_indices(len(X))] += JITTER * max(products.trace() / len(X), np.finfo(float).tiny)
    return cholesky(products, lower=True, overwrite_a=True)


def in_columns(X: np.ndarray, coordinates: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights (d, k) of columns of X that say of its rows what `weights` (n, k) say of their coordinates."""
    return X.T @ solve_triangular(coordinates, weights, trans="T", lower=True).astype(X.dtype, copy=False)
