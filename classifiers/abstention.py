"""When a model had better not answer: the threshold of confidence above which its risk stays within a promise.

A face is answered where the confidence, the largest probability, reaches the threshold. The risk is the share of
wrong answers among those that were given, the coverage the share of faces that got one.

References
----------
El-Yaniv and Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 11 (2010).
Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", NIPS 2017.
"""

import numpy as np
from scipy import special, stats

RISKS = (0.05, 0.10, 0.20)
DELTA = 0.05  # how often a guarantee may fail
STEPS = 100  # thresholds that are tried, at equal steps of coverage
STARTS = (0.0, 0.1, 0.25, 0.5, 0.75)  # coverage at which a sequence of tests starts; 0: where a test can first succeed
UNSURE = -1  # in place of a label's index


def confidence_of(proba: np.ndarray) -> np.ndarray:
    """How sure a model is of its answer, (n,), from probabilities (n, k)."""
    return proba.max(axis=1)


def plain_threshold(confidence: np.ndarray, wrong: np.ndarray, risk: float) -> float | None:
    """The lowest threshold with at most this risk among these faces themselves; None where there is none.

    It promises nothing about other faces: the threshold is the luckiest of n.
    """
    thresholds, n, errors = _accepted(confidence, wrong)
    fits = np.flatnonzero(errors <= risk * n)
    return float(thresholds[fits[-1]]) if len(fits) else None


def guaranteed_threshold(
    confidence: np.ndarray,
    wrong: np.ndarray,
    risk: float,
    *,
    clusters: np.ndarray | None = None,
    delta: float = DELTA,
) -> float | None:
    """The lowest threshold whose risk on new faces is at most `risk`, but for a chance of `delta`; None without one.

    Learn then test: for each of STEPS thresholds the hypothesis "the risk is larger" has an exact p value. From each of
    STARTS the thresholds are tested in sequence, towards more coverage, at `delta` / len(STARTS), up to the first that
    is not rejected: no other correction is needed within a sequence, and a slip among the surest faces does not end
    all of them.

    Parameters
    ----------
    confidence : ndarray of shape (n,)
    wrong : ndarray of shape (n,), bool
        Both of faces that the model was not fitted on.
    risk : float
    clusters : ndarray of shape (n,) or None
        Faces that belong together, such as those of one person: clusters are independent, their faces are not. The
        promise is then of a new cluster's mean risk.
    delta : float

    References
    ----------
    Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test", Annals of Applied Statistics 19 (2025): fixed
    sequences in section 4.1; the bound of Hoeffding and Bentkus, section 3.1, for losses that are no 0 or 1.
    """
    if not len(confidence):
        return None
    thresholds = _steps(confidence)
    n, losses, whole = _losses(confidence, wrong, thresholds, clusters)
    level = delta / len(STARTS)
    rejected = np.append(_p_values(n, losses, risk, whole) <= level, False)
    coverage = _coverage(confidence, thresholds)
    starts = [np.searchsorted(n, np.log(level) / np.log1p(-risk)), *np.searchsorted(coverage, STARTS[1:])]
    # How far each sequence gets: the place before the first hypothesis that stands.
    ends = [first + rejected[first:].argmin() - 1 for first in starts if rejected[first]]
    return float(thresholds[max(ends)]) if ends else None


def answered(confidence: np.ndarray, threshold: float | None) -> np.ndarray:
    """Mask (n,) of the faces that get an answer; of none where there is no threshold."""
    return confidence >= (np.inf if threshold is None else threshold)


def _steps(confidence):
    """Thresholds (m,), falling, at equal steps of coverage; they depend on no label."""
    falling = np.sort(confidence)[::-1]
    places = np.ceil(len(falling) * np.arange(1, STEPS + 1) / STEPS).astype(int) - 1
    return np.unique(falling[places])[::-1]


def _coverage(confidence, thresholds):
    """Share (m,) of the faces that reach each threshold."""
    return 1 - np.searchsorted(np.sort(confidence), thresholds) / len(confidence)


def _losses(confidence, wrong, thresholds, clusters):
    """Independent units with an answer (m,), the sum of their mean losses (m,), and whether all losses are 0 or 1."""
    m = len(thresholds)
    place = np.searchsorted(-thresholds, -confidence)  # the first threshold that a face reaches; the last takes all
    if clusters is None:
        clusters = np.arange(len(confidence))
    _, cluster, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    if sizes.max() == 1:
        n, losses = np.bincount(place, minlength=m), np.bincount(place, weights=wrong, minlength=m)
        return n.cumsum(), losses.cumsum(), True
    cells = cluster * m + place
    n, errors = (
        np.bincount(cells, weights=weights, minlength=len(sizes) * m).reshape(-1, m).cumsum(axis=1)
        for weights in (None, wrong)
    )
    return (n > 0).sum(axis=0), np.divide(errors, n, out=np.zeros(n.shape), where=n > 0).sum(axis=0), False


def _p_values(n, losses, risk, whole):
    """P (m,) of the hypotheses that a risk is larger, from sums of n losses: binomial, or Hoeffding's and Bentkus'."""
    exact = stats.binom.cdf(np.ceil(losses - 1e-9), n, risk)
    if whole:
        return exact
    mean = np.minimum(losses / np.maximum(n, 1), risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        divergence = special.rel_entr(mean, risk) + special.rel_entr(1 - mean, 1 - risk)
    return np.minimum(np.minimum(np.exp(-n * divergence), np.e * exact), 1.0)


def _accepted(confidence, wrong):
    """Every distinct confidence as a threshold, falling, with the faces that reach it and their errors, all (m,)."""
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    last = np.flatnonzero(np.append(falling[1:] < falling[:-1], True)) if len(order) else np.arange(0)
    return falling[last], last + 1, np.cumsum(wrong[order])[last]


def risk_coverage(confidence: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coverage (m,), risk (m,) and threshold (m,) for every distinct confidence, the surest first."""
    thresholds, n, errors = _accepted(confidence, wrong)
    return n / max(len(confidence), 1), errors / n, thresholds


def area_under_risk(confidence: np.ndarray, wrong: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """AURC: the mean risk over all coverages, faces of one confidence being answered together.

    `weights` (b, n) count how often each face occurs in each of b resamples: then (b,), else a number.

    References
    ----------
    Geifman, Uziel and El-Yaniv, "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers", ICLR 2019.
    """
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    first = np.flatnonzero(np.append(True, falling[1:] < falling[:-1]))
    weights = np.ones((1, len(order))) if weights is None else weights[:, order]
    n = np.add.reduceat(weights, first, axis=1)
    errors = np.add.reduceat(weights * wrong[order], first, axis=1).cumsum(axis=1)
    reached = n.cumsum(axis=1)
    risk = np.divide(errors, reached, out=np.zeros(n.shape), where=reached > 0)
    area = (n * risk).sum(axis=1) / n.sum(axis=1)
    return area if len(area) > 1 else area[0]


def least_area(wrong: np.ndarray) -> float:
    """The AURC of the best order there is: every right answer before every wrong one."""
    n, errors = len(wrong), int(wrong.sum())
    return float((np.arange(1, errors + 1) / np.arange(n - errors + 1, n + 1)).sum() / n)
