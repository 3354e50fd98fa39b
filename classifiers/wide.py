"""Tables that are wider than long are solved through the inner products of their rows."""

import numpy as np

COLUMNS_AT_ONCE = 512


def inner_products(X: np.ndarray) -> np.ndarray:
    """XX' (n, n) of rows X (n, d), float64 whatever X is, without a copy of the whole table.

    Sums of thousands of float32 are exact to five digits, which is what tells the last axes from nothing.
    """
    products = np.zeros((len(X), len(X)))
    for start in range(0, X.shape[1], COLUMNS_AT_ONCE):
        part = X[:, start : start + COLUMNS_AT_ONCE].astype(np.float64)
        products += part @ part.T
    return products
