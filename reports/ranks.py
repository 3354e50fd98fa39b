"""Several models over blocks, such as datasets or folds: mean ranks, and how far apart they must be."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from .statistics import CONFIDENCE, Test


@dataclass(frozen=True)
class Ranking:
    """Mean `ranks` (k,) of k models over blocks (1 is best), and how far apart they must be.

    `friedman` asks whether the models differ at all; `nemenyi` (k, k) holds
    the p of each pair; mean ranks further apart than `critical_difference`
    differ at `alpha`.
    """

    ranks: np.ndarray
    friedman: Test
    nemenyi: np.ndarray
    critical_difference: float
    alpha: float


def ranking(scores: np.ndarray, *, alpha: float = 1 - CONFIDENCE) -> Ranking:
    """Friedman's test with Nemenyi's comparisons, from scores (blocks, k): more is better.

    Parameters
    ----------
    scores : ndarray of shape (b, k)
        b datasets or folds, k models.

    References
    ----------
    Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7 (2006).
    """
    scores = np.asarray(scores, dtype=float)
    b, k = scores.shape
    ranked = stats.rankdata(-scores, axis=1)
    ranks = ranked.mean(axis=0)
    error = np.sqrt(k * (k + 1) / (6 * b))
    apart = np.abs(ranks[:, None] - ranks) / error
    nemenyi = np.minimum(1.0, stats.studentized_range.sf(apart * np.sqrt(2), k, np.inf)) if k > 1 else np.ones((1, 1))
    np.fill_diagonal(nemenyi, 1.0)
    q = stats.studentized_range.ppf(1 - alpha, k, np.inf) / np.sqrt(2) if k > 1 else np.nan
    return Ranking(ranks, _friedman(ranked), nemenyi, float(q * error), alpha)


def _friedman(ranked):
    """Chi-squared form with the correction for ties; two models give it one degree of freedom."""
    b, k = ranked.shape
    if b < 2 or k < 2:
        return Test(np.nan, np.nan)
    ties = sum((counts**3 - counts).sum() for counts in (np.unique(row, return_counts=True)[1] for row in ranked))
    correction = 1 - ties / (b * k * (k**2 - 1))
    if correction == 0:  # every model level in every block
        return Test(0.0, 1.0)
    chi2 = (12 * (ranked.sum(axis=0) ** 2).sum() / (b * k * (k + 1)) - 3 * b * (k + 1)) / correction
    return Test(float(chi2), float(stats.chi2.sf(chi2, k - 1)))


def level_groups(ranking: Ranking) -> list[tuple[int, ...]]:
    """Largest groups of models whose mean ranks lie within the critical difference, as indices from best to worst."""
    order = np.argsort(ranking.ranks, kind="stable")
    sorted_ranks = ranking.ranks[order]
    groups, reached = [], 0
    for start in range(len(order)):
        end = int(np.searchsorted(sorted_ranks, sorted_ranks[start] + ranking.critical_difference, side="right"))
        if end - start > 1 and end > reached:
            groups.append(tuple(order[start:end].tolist()))
        reached = max(reached, end)
    return groups
