"""Intervals of scores over folds."""

from collections.abc import Sequence

import numpy as np
from scipy import stats


def corrected_interval(
    values: Sequence[float], *, n_test: float, n_train: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of the mean of a fraction over folds, for folds that share training data.

    The K scores of a cross-validation are not independent, because any two
    models were fitted on mostly the same faces; s²/K is too small a variance.
    The correction is s² (1/K + n_test/n_train), with a t distribution of K-1
    degrees of freedom.

    Parameters
    ----------
    values : sequence of K fractions, one a fold
    n_test, n_train : float
        Faces that a fold scores and that its model was fitted on, as means over the folds.
    confidence : float

    Returns
    -------
    (low, high) : float
        Within 0 and 1; NaN for fewer than two folds.

    References
    ----------
    Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52 (2003).
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return np.nan, np.nan
    variance = values.var(ddof=1) * (1 / len(values) + n_test / n_train)
    half = stats.t.ppf((1 + confidence) / 2, df=len(values) - 1) * np.sqrt(variance)
    return float(max(0.0, values.mean() - half)), float(min(1.0, values.mean() + half))
