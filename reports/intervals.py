"""Intervals of shares and scores of pictures that come in clusters: of one subject, or copies of one picture.

One principle for all of them. A score is a share of pictures, a curve of one (F1), or a mean of shares (macro
scores). How far it may be off is told by leaving out one cluster after the other (jackknife), which says how many
independent pictures the answers are worth; Wilson's interval with that effective number follows. Differences
recover their width from the two intervals and from how far the clusters move both together.

Nothing is drawn at random. The intervals hold for the fitted models on new pictures of new clusters; what models
fitted on other pictures would score is another question. Coverage is measured in `benchmarks/coverage.py`.

References
----------
Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).
Korn and Graubard, "Confidence Intervals for Proportions with Small Expected Number of Positive Counts Estimated from
Survey Data", Survey Methodology 24 (1998): the effective number, and its degrees of freedom.
Newcombe, "Improved Confidence Intervals for the Difference between Binomial Proportions Based on Paired Data",
Statistics in Medicine 17 (1998), and Zou and Donner, "Construction of Confidence Limits about Effect Measures", the
same 27 (2008): differences.
Bayle et al., "Cross-validation Confidence Intervals for Test Error", NeurIPS 2020: all answers of a cross-validation
together bear such an interval of the mean error of its models.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse, stats

from ..data.scores import share
from .statistics import CONFIDENCE

FEWEST = 5  # clusters below which no interval is given
ADDED = 0.25  # right and wrong answers added to a label's in its variance, lest a label without an error has none
NOTHING = 1e-12
LEAST_P = 1e-12


@dataclass(frozen=True)
class Scale:
    """A growing curve of a share on which it is shown, and its slope."""

    of: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]


SHARE = Scale(lambda shares: shares, np.ones_like)
F1 = Scale(lambda jaccard: 2 * jaccard / (1 + jaccard), lambda jaccard: 2 / (1 + jaccard) ** 2)


@dataclass(frozen=True)
class Estimates:
    """m shares of pictures, and what each is worth; NaN without a picture.

    Parameters
    ----------
    share : ndarray of shape (m,)
    n : ndarray of shape (m,)
        Independent pictures that would tell as much.
    df, df_single : ndarray of shape (m,)
        Degrees of freedom of that number, and those that it had if every picture were a cluster of its own.
    n_clusters : ndarray of shape (m,)
    changes : sparse array of shape (clusters, m)
        What every cluster adds to the error of `value`; the squares add up to its variance.
    scale : Scale
        The value is this curve of the share.
    """

    share: np.ndarray
    n: np.ndarray
    df: np.ndarray
    df_single: np.ndarray
    n_clusters: np.ndarray
    changes: sparse.csc_array
    scale: Scale = SHARE

    @property
    def value(self) -> np.ndarray:
        return self.scale.of(self.share)

    @property
    def enough(self) -> np.ndarray:
        """Mask (m,): clusters enough for an interval."""
        return self.n_clusters >= FEWEST

    def interval(self, confidence: float | np.ndarray = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
        """Wilson's interval with the effective number, (m,) and (m,); NaN for fewer than FEWEST clusters."""
        with np.errstate(invalid="ignore", divide="ignore"):
            z2 = _quantile(confidence, self.df, self.df_single) ** 2
            middle = (self.share + z2 / (2 * self.n)) / (1 + z2 / self.n)
            half = np.sqrt(z2 * self.share * (1 - self.share) / self.n + z2**2 / (4 * self.n**2)) / (1 + z2 / self.n)
            low, high = np.clip(middle - half, 0, self.share), np.clip(middle + half, self.share, 1)
            bounds = self.scale.of(low), self.scale.of(high)
        return tuple(np.where(self.enough, bound, np.nan) for bound in bounds)

    def error(self) -> np.ndarray:
        """Standard error (m,) of the value; not zero where all answers are right."""
        smoothed = _smoothed(self.share, self.n)
        return self.scale.slope(smoothed) * np.sqrt(share(smoothed * (1 - smoothed), self.n))

    def take(self, columns) -> "Estimates":
        """The estimates of these columns."""
        rows = {name: getattr(self, name)[columns] for name in ("share", "n", "df", "df_single", "n_clusters")}
        return replace(self, changes=self.changes[:, columns], **rows)


def _quantile(confidence, df, df_single):
    """The normal quantile, wider by what few clusters leave unknown: t of their number over t of the pictures'."""
    tail = (1 + np.asarray(confidence)) / 2
    return stats.norm.ppf(tail) * stats.t.ppf(tail, df) / stats.t.ppf(tail, df_single)


def _smoothed(shares, n):
    return (shares * n + ADDED) / (n + 2 * ADDED)


def shares(column: np.ndarray, cluster: np.ndarray, hit: np.ndarray, m: int, scale: Scale = SHARE) -> Estimates:
    """Shares of hits by column, with the variance between clusters.

    The share of a column less that without cluster c is (a_c - p b_c) / (B - b_c): a_c of b_c rows hit, B rows in
    all. The effective number is at most that of the rows. Where all rows hit or none does, clusters are taken for as
    many independent rows as their sizes allow, (Σ b)² / Σ b²: the rule of three, by clusters.

    Parameters
    ----------
    column, cluster : ndarray of shape (rows,), int
        The share that a row counts for, 0 to m - 1, and the cluster it belongs to.
    hit : ndarray of shape (rows,), bool
    """
    n_clusters = int(cluster.max(initial=-1)) + 1
    pair, place = np.unique(column.astype(np.int64) * n_clusters + cluster, return_inverse=True)
    hits, rows = (np.bincount(place, values, minlength=len(pair)) for values in (hit, None))
    column, cluster = np.divmod(pair, max(n_clusters, 1))

    def total(values):
        return np.bincount(column, values, minlength=m)

    B, held = total(rows), np.bincount(column, minlength=m)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = total(hits) / B
        left_out = (hits - p[column] * rows) / (B[column] - rows) * np.sqrt(1 - 1 / held[column])
        variance = p * (1 - p)
        worth = variance / (total(left_out**2) * (1 - 1 / B))  # as many independent rows have that variance
        n = np.where(variance > NOTHING, np.fmin(worth, B), B**2 / total(rows.astype(float) ** 2))
        changes = np.nan_to_num(left_out * scale.slope(p[column]), posinf=0.0, neginf=0.0)
    sparse_changes = sparse.csc_array((changes, (cluster, column)), shape=(n_clusters, m))
    return Estimates(p, np.where(held > 1, n, np.nan), held - 1.0, B - 1.0, held, sparse_changes, scale)


def means(estimates: Estimates, which: np.ndarray, whole: Estimates) -> Estimates:
    """Means of several estimates: macro scores of labels.

    The variance is that of the labels, a little smoothed so that a label without an error has one, with their
    correlation over clusters; degrees of freedom after Satterthwaite. A mean is worth no more pictures, and has no
    more degrees of freedom, than `whole`.

    Parameters
    ----------
    which : ndarray of shape (m,), int
        The mean that an estimate belongs to; -1 for none.
    whole : Estimates
        The share of all rows behind each mean.

    References
    ----------
    Price and Bonett, "An improved confidence interval for a linear function of binomial proportions", Computational
    Statistics and Data Analysis 45 (2004): the smoothing.
    """
    kept = np.flatnonzero(which >= 0)
    part, which, n_means = estimates.take(kept), which[kept], len(whole.share)

    def total(values):
        return np.bincount(which, values, minlength=n_means)

    weight = 1 / total(None)[which]
    error = part.error() * weight
    length = np.sqrt((part.changes**2).sum(axis=0))
    moves = length > NOTHING
    # Labels without an error change with no cluster: their errors are taken for independent.
    shrink = sparse.diags_array(np.where(moves, error, 0.0) / np.where(moves, length, 1.0))
    to_mean = sparse.csr_array((np.ones(len(kept)), (np.arange(len(kept)), which)), shape=(len(kept), n_means))
    changes = sparse.csc_array(part.changes @ shrink @ to_mean)
    variance = (changes**2).sum(axis=0) + total(np.where(moves, 0.0, error**2))
    with np.errstate(invalid="ignore", divide="ignore"):
        smoothed = total(part.scale.of(_smoothed(part.share, part.n)) * weight)
        n = np.minimum(smoothed * (1 - smoothed) / variance, whole.n)
        df = np.minimum(total(error**2) ** 2 / total(error**4 / part.df), whole.df)
    fewest = np.full(n_means, np.iinfo(np.int64).max)
    np.minimum.at(fewest, which, part.n_clusters)
    return Estimates(total(part.value * weight), n, df, np.full(n_means, np.inf), fewest, changes)


@dataclass(frozen=True)
class Differences:
    """`first` less `second`, m of each; `correlation` (m,) of their errors over clusters, 0 on different pictures."""

    first: Estimates
    second: Estimates
    correlation: np.ndarray

    @property
    def value(self) -> np.ndarray:
        return self.first.value - self.second.value

    @property
    def df(self) -> np.ndarray:
        return np.minimum(self.first.df, self.second.df)

    def interval(self, confidence: float | np.ndarray = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
        """Bounds (m,), (m,) recovered from those of both: √(d₁² + d₂² - 2 r d₁ d₂) from the difference."""
        (low, high), (other_low, other_high) = (one.interval(confidence) for one in (self.first, self.second))
        below = self._joined(self.first.value - low, other_high - self.second.value)
        above = self._joined(high - self.first.value, self.second.value - other_low)
        return self.value - below, self.value + above

    def error(self) -> np.ndarray:
        """Standard error (m,)."""
        return self._joined(self.first.error(), self.second.error())

    def p(self) -> np.ndarray:
        """Two-sided p (m,) of no difference: one less the confidence whose interval ends at zero."""
        low, high = np.full(len(self.value), np.log(LEAST_P)), np.zeros(len(self.value))
        for _ in range(40):
            middle = (low + high) / 2
            bounds = self.interval(1 - np.exp(middle))
            apart = (bounds[0] > 0) | (bounds[1] < 0)
            low, high = np.where(apart, low, middle), np.where(apart, middle, high)
        known = np.isfinite(self.interval()[0])
        return np.where(known, np.where(self.value == 0, 1.0, np.exp(high)), np.nan)

    def _joined(self, one, other):
        return np.sqrt(np.maximum(one**2 + other**2 - 2 * self.correlation * one * other, 0.0))


def differences(first: Estimates, second: Estimates, *, paired: bool = True) -> Differences:
    """Differences of estimates; `paired` where both count the same clusters."""
    if not paired:
        return Differences(first, second, np.zeros(len(first.share)))
    lengths = [np.sqrt((one.changes**2).sum(axis=0)) for one in (first, second)]
    together = np.asarray((first.changes * second.changes).sum(axis=0))
    return Differences(first, second, np.nan_to_num(share(together, lengths[0] * lengths[1])))


def score_estimates(
    target: np.ndarray, predicted: np.ndarray, k: int, clusters: np.ndarray, draw: np.ndarray | None = None
) -> dict[str, Estimates]:
    """Every score of answers: headline ones (d,), and those by label (d * k,), label by label.

    Parameters
    ----------
    target, predicted : ndarray of shape (n,), int
    k : int
        Labels.
    clusters : ndarray of shape (n,), int
    draw : ndarray of shape (n,), int, or None
        Which of d sets of answers a row belongs to, for simulations; None for one set. No cluster is in two.
    """
    _, clusters = np.unique(clusters, return_inverse=True)
    draw = np.zeros(len(target), dtype=np.int64) if draw is None else draw
    n_draws, right = int(draw.max(initial=0)) + 1, target == predicted
    borne, named, wrong = draw * k + target, draw * k + predicted, ~right
    m = n_draws * k
    by_label = {
        "precision": shares(named, clusters, right, m),
        "recall": shares(borne, clusters, right, m),
        # F1 = 2J / (1 + J), J the share of right ones among the faces that bear the label or were named so.
        "f1": shares(np.r_[borne, named[wrong]], np.r_[clusters, clusters[wrong]], np.r_[right, right[wrong]], m, F1),
    }
    accuracy = shares(draw, clusters, right, n_draws)
    which = np.where(by_label["recall"].n_clusters > 0, np.repeat(np.arange(n_draws), k), -1)
    recall, f1 = (means(by_label[name], which, accuracy) for name in ("recall", "f1"))
    # A label that few bear and many are taken for counts as few.
    headline = {"accuracy": accuracy, "recall_macro": recall, "f1_macro": replace(f1, n_clusters=recall.n_clusters)}
    return headline | by_label
