"""Intervals of scores, and tests of differences between models.

Everything here works on plain arrays, so that it can be checked against other
implementations. `n` is a number of pictures, `k` of labels or models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal, sparse, stats

from ..data.scores import share

N_RESAMPLES = 2000
CONFIDENCE = 0.95
LEAST_IN_BIN = 10
POWER = 0.8  # of the cases in which a difference is to be shown
MOST_WEIGHTS = 4_000_000  # drawn at a time, so that memory does not follow the number of subjects


@dataclass(frozen=True)
class Test:
    """A test's `statistic` and two-sided `p`; NaN where there is nothing to test."""

    statistic: float
    p: float


# --- over folds ------------------------------------------------------------------------------------


def corrected_interval(
    values: Sequence[float], *, n_test: float, n_train: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Interval of the mean of a fraction over folds, for folds that share training data.

    The K scores of a cross-validation are not independent, because any two
    models were fitted on mostly the same faces; s²/K is too small a variance.
    The correction is s² (1/K + n_test/n_train), with a t distribution of K-1
    degrees of freedom.

    Parameters
    ----------
    values : sequence of K fractions, one a fold; of a repeated cross-validation those of all repeats
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
    half = stats.t.ppf((1 + confidence) / 2, df=len(values) - 1) * corrected_error(
        values, n_test=n_test, n_train=n_train
    )
    return float(max(0.0, values.mean() - half)), float(min(1.0, values.mean() + half))


def corrected_t_test(differences: Sequence[float], *, n_test: float, n_train: float) -> Test:
    """Corrected resampled t-test of Nadeau and Bengio: is the mean difference over folds zero?

    Parameters
    ----------
    differences : sequence of K differences of two models' scores, fold by fold
    n_test, n_train : float
        As in `corrected_interval`.

    Returns
    -------
    Test
        t of K-1 degrees of freedom. Equal scores in every fold give t = 0 and p = 1.
    """
    differences = np.asarray(differences, dtype=float)
    if len(differences) < 2:
        return Test(np.nan, np.nan)
    mean, error = differences.mean(), corrected_error(differences, n_test=n_test, n_train=n_train)
    if error == 0:
        return Test(0.0, 1.0) if mean == 0 else Test(float(np.copysign(np.inf, mean)), 0.0)
    return Test(float(mean / error), float(2 * stats.t.sf(abs(mean / error), df=len(differences) - 1)))


def corrected_error(values: Sequence[float], *, n_test: float, n_train: float) -> float:
    """Standard error behind `corrected_interval` and `corrected_t_test`; NaN for fewer than two folds."""
    values = np.asarray(values, dtype=float)
    return float(np.sqrt(values.var(ddof=1) * (1 / len(values) + n_test / n_train))) if len(values) > 1 else np.nan


# --- power -----------------------------------------------------------------------------------------


def detectable(
    error: float | np.ndarray, df: float | np.ndarray = np.inf, *, alpha: float = 1 - CONFIDENCE, power: float = POWER
) -> np.ndarray:
    """The smallest difference that a two-sided test would show in `power` of the cases, from its standard error.

    (t(1 - alpha/2) + t(power)) times the error, with t quantiles of `df` degrees of freedom. NaN where there is no
    error to go by.

    References
    ----------
    Bloom, "Minimum Detectable Effects", Evaluation Review 19 (1995).

    >>> float(detectable(0.01).round(4))  # 1.96 + 0.84 standard errors
    0.028
    """
    error = np.asarray(error, dtype=float)
    smallest = (stats.t.ppf(1 - alpha / 2, df) + stats.t.ppf(power, df)) * error
    return np.where(error > 0, smallest, np.nan)


# --- on the same pictures --------------------------------------------------------------------------


@dataclass(frozen=True)
class McNemar:
    """Pictures that only one of two models had right, and what chance says of such a lead.

    `only_a`, `only_b` count them; `exact` is the binomial test, over whole
    clusters where they are given; `chi2` the approximation with continuity
    correction, of single pictures.
    """

    only_a: int
    only_b: int
    exact: Test
    chi2: Test


def mcnemar(right_a: np.ndarray, right_b: np.ndarray, clusters: np.ndarray | None = None) -> McNemar:
    """McNemar's test of two models on the same pictures, from masks (n,) of what each had right.

    If the models are equally good, the answers of both might be exchanged for
    any cluster. The exact test counts the exchanges whose lead is as large as
    the one seen; for single pictures these are McNemar's binomial ones.

    References
    ----------
    McNemar, "Note on the sampling error of the difference between correlated proportions", Psychometrika 12 (1947).
    Pitman, "Significance tests which may be applied to samples from any populations", JRSS Supplement 4 (1937).
    """
    only_a, only_b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    n = only_a + only_b
    if n == 0:
        return McNemar(0, 0, Test(0.0, 1.0), Test(0.0, 1.0))
    lead = right_a.astype(np.int64) - right_b
    if clusters is not None:
        _, cluster = np.unique(clusters, return_inverse=True)
        lead = np.bincount(cluster, lead).round().astype(np.int64)
    distance = (abs(only_a - only_b) - 1) ** 2 / n
    return McNemar(
        only_a,
        only_b,
        Test(float(min(only_a, only_b)), exchange_p(lead)),
        Test(float(distance), float(stats.chi2.sf(distance, 1))),
    )


def exchange_p(lead: np.ndarray) -> float:
    """Share of all signs of whole numbers (c,) whose sum is as far from zero as theirs; exact, two-sided."""
    sizes, counts = np.unique(np.abs(lead[lead != 0]), return_counts=True)
    chances = np.ones(1)  # of the sums, from the lowest in steps of one
    for size, many in zip(sizes.tolist(), counts.tolist()):
        kernel = np.zeros(2 * many * size + 1)
        kernel[:: 2 * size] = stats.binom.pmf(np.arange(many + 1), many, 0.5)
        chances = np.maximum(signal.convolve(chances, kernel), 0.0)
    reached = np.abs(np.arange(len(chances)) - len(chances) // 2)
    return float(min(1.0, chances[reached >= abs(int(lead.sum()))].sum()))


def holm(p: Sequence[float]) -> np.ndarray:
    """P values (m,) adjusted for m tests after Holm (1979); NaN stays and counts for none.

    Below 0.05, at most one family of tests in 20 gives any false alarm.
    """
    p = np.asarray(p, dtype=float)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    adjusted = np.full(len(p), np.nan)
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors)) if len(order) else []
    return adjusted


# --- resampling ------------------------------------------------------------------------------------


def resampled_counts(
    cells: np.ndarray, n_cells: int, *, units: np.ndarray | None = None, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> np.ndarray:
    """How often each cell is drawn when pictures, or whole subjects, are drawn anew with replacement.

    Every score here is a function of counts, such as those of a confusion
    matrix, so a resample need only count cells.

    Parameters
    ----------
    cells : ndarray of shape (n,), int
        The cell of each picture, such as true label times k plus predicted label.
    n_cells : int
    units : ndarray of shape (n,) or None
        The subject of each picture; None draws single pictures.

    Returns
    -------
    ndarray of shape (n_resamples, n_cells), int
    """
    rng = np.random.default_rng(seed)
    if units is None:
        counts = np.bincount(cells, minlength=n_cells)
        seen = np.flatnonzero(counts)
        drawn = np.zeros((n_resamples, n_cells), dtype=np.int64)
        drawn[:, seen] = rng.multinomial(len(cells), counts[seen] / len(cells), size=n_resamples)
        return drawn
    _, unit = np.unique(units, return_inverse=True)
    n_units = int(unit.max()) + 1
    held = sparse.csr_array((np.ones(len(cells), dtype=np.int64), (unit, cells)), shape=(n_units, n_cells))
    step = max(1, MOST_WEIGHTS // n_units)
    shares = np.full(n_units, 1 / n_units)
    weights = (
        rng.multinomial(n_units, shares, size=min(step, n_resamples - start)) for start in range(0, n_resamples, step)
    )
    return np.concatenate([(held.T @ block.T).T for block in weights])


def percentile_interval(resampled: np.ndarray, *, confidence: float = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of each statistic (…,) from its resamples (b, …), NaN where it has none."""
    tail = (1 - confidence) / 2
    known = np.isfinite(resampled).any(axis=0)
    filled = np.where(known, resampled, 0.0)
    low, high = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


# --- of probabilities ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Calibration:
    """Pictures by how sure the model was: per bin `n`, mean `confidence`, `accuracy`; NaN in an empty one.

    `error` is the expected calibration error, the mean gap between the two, weighed by n.
    """

    edges: np.ndarray
    n: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    error: float


def calibration(confidence: np.ndarray, right: np.ndarray, *, n_bins: int = 15) -> Calibration:
    """Confidence (n,) in 0 … 1 against right answers (n,) in bins of as many pictures each, closed at the upper edge.

    Bins of equal width hold nearly all pictures of a model that is sure of everything alike in one or two, where what
    is too sure and what is too unsure cancel. Fewer bins where they would hold fewer than `LEAST_IN_BIN` pictures;
    equal confidences stay in one.

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017; bins of equal mass: Nguyen and O'Connor,
    "Posterior calibration and exploratory analysis for natural language processing models", EMNLP 2015.
    """
    confidence = np.asarray(confidence, dtype=float)
    if not len(confidence):
        return Calibration(np.array([0.0, 1.0]), np.zeros(1, dtype=int), np.full(1, np.nan), np.full(1, np.nan), np.nan)
    n_bins = int(np.clip(len(confidence) // LEAST_IN_BIN, 1, n_bins))
    edges = np.quantile(confidence, np.arange(n_bins + 1) / n_bins, method="inverted_cdf")
    edges = np.append(edges[0], np.unique(edges[1:]))
    place = np.searchsorted(edges[1:-1], confidence, side="left")
    n = np.bincount(place, minlength=len(edges) - 1)
    mean = share(np.bincount(place, weights=confidence, minlength=len(n)), n)
    accuracy = share(np.bincount(place, weights=right, minlength=len(n)), n)
    return Calibration(edges, n, mean, accuracy, float(np.nansum(n * np.abs(mean - accuracy)) / n.sum()))
