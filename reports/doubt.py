"""When a model should not answer: risk against coverage, and what a promised risk costs, as tables.

Thresholds are learned on other faces than those that they are measured on: for the held-out part from the answers of
the whole cross-validation, and within the cross-validation, for each fold from the answers of the other folds.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..classifiers.abstention import (
    RISKS,
    answered,
    area_under_risk,
    confidence_of,
    guaranteed_threshold,
    least_area,
    plain_threshold,
    risk_coverage,
)
from .intervals import shares
from .metrics import CV, main_part, scored_parts
from .run import Run
from .statistics import percentile_interval
from .uncertainty import units_of

STEPS = 100  # points of a curve
N_RESAMPLES = 400  # of the area under a curve
MOST_NUMBERS = 4_000_000  # in one block of resamples
GUARANTEED, PLAIN = "guaranteed", "plain"
CURVE_COLUMNS = ("model", "coverage", "threshold", "n", "risk", "low", "high")
AREA_COLUMNS = (
    "model", "part", "n", "error", "aurc", "low", "high", "least", "excess", "gain", "gain_low", "gain_high",
)  # fmt: skip
REFUSAL_COLUMNS = ("model", "part", "risk", "kind", "threshold", "answered", "n", "measured", "low", "high")


def plans(run: Run) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Masks (n,) of what thresholds are learned from, and of what they are measured on."""
    part, fold = main_part(run), run.evaluations[0].fold
    if part != CV:
        yield fold >= 0, scored_parts(run)[part]
        return
    for number in range(run.evaluations[0].n_folds):
        yield (fold >= 0) & (fold != number), fold == number


# --- intervals -------------------------------------------------------------------------------------


def share_interval(hit: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """Bounds of the share of hits (n,), as every interval of the page is made; NaN for too few clusters."""
    _, cluster = np.unique(clusters, return_inverse=True)
    low, high = shares(np.zeros(len(hit), dtype=np.int64), cluster, np.asarray(hit, dtype=bool), 1).interval()
    return float(low[0]), float(high[0])


# --- risk and coverage -----------------------------------------------------------------------------


def _scored(run, evaluation, rows):
    return confidence_of(evaluation.proba[rows]), evaluation.predicted[rows] != evaluation.target[rows]


def curves_table(run: Run) -> pd.DataFrame:
    """Risk against coverage, main part: `model`, `coverage`, `threshold`, `n` answered, `risk` with `low`, `high`."""
    rows, blocks = scored_parts(run)[main_part(run)], [pd.DataFrame(columns=list(CURVE_COLUMNS))]
    clusters = units_of(run, rows)
    for evaluation in run.evaluations:
        confidence, wrong = _scored(run, evaluation, rows)
        coverage, risk, thresholds = risk_coverage(confidence, wrong)
        kept = np.unique(np.searchsorted(coverage, np.arange(1, STEPS + 1) / STEPS - 1e-9))
        bounds = [share_interval(wrong[given], clusters[given]) for given in confidence >= thresholds[kept, None]]
        low, high = np.array(bounds).T
        blocks.append(
            pd.DataFrame(
                {
                    "model": evaluation.name,
                    "coverage": coverage[kept],
                    "threshold": thresholds[kept],
                    "n": np.round(coverage[kept] * len(confidence)).astype(int),
                    "risk": risk[kept],
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat([block for block in blocks if len(block)] or blocks, ignore_index=True)


def areas_table(run: Run) -> pd.DataFrame:
    """The area under each curve, main part.

    `error` of all faces, which is the area for a random order; `aurc` with
    `low`, `high`; `least`, that of the best order there is, and the `excess`
    over it; `gain`, error - aurc, with its bounds.
    """
    part = main_part(run)
    rows, table = scored_parts(run)[part], []
    clusters = units_of(run, rows)
    for evaluation in run.evaluations:
        confidence, wrong = _scored(run, evaluation, rows)
        area, least = float(area_under_risk(confidence, wrong)), least_area(wrong)
        areas, errors = _resampled_areas(confidence, wrong, clusters)
        low, high = percentile_interval(areas)
        gain_low, gain_high = percentile_interval(errors - areas)
        table.append(
            (
                evaluation.name, part, len(wrong), wrong.mean(), area, float(low), float(high), least, area - least,
                wrong.mean() - area, float(gain_low), float(gain_high),
            )
        )  # fmt: skip
    return pd.DataFrame(table, columns=list(AREA_COLUMNS))


def _resampled_areas(confidence, wrong, clusters, seed=0):
    """AURC (b,) and error (b,) where whole clusters are drawn anew."""
    rng = np.random.default_rng(seed)
    _, cluster = np.unique(clusters, return_inverse=True)
    k, block = int(cluster.max()) + 1, max(1, MOST_NUMBERS // len(wrong))
    areas, errors = [], []
    for start in range(0, N_RESAMPLES, block):
        drawn = rng.multinomial(k, np.full(k, 1 / k), size=min(block, N_RESAMPLES - start))[:, cluster].astype(float)
        areas.append(np.atleast_1d(area_under_risk(confidence, wrong, drawn)))
        errors.append(drawn @ wrong / drawn.sum(axis=1))
    return np.concatenate(areas), np.concatenate(errors)


def refusals_table(run: Run) -> pd.DataFrame:
    """What a promised risk costs, main part.

    `kind` "guaranteed" or "plain"; the mean `threshold` (NaN where there is
    none), the share `answered` and its `n`, and the risk `measured` on them
    with `low`, `high`.
    """
    part, clusters, masks, table = main_part(run), units_of(run, slice(None)), list(plans(run)), []
    for evaluation in run.evaluations:
        for risk in RISKS:
            for kind in (GUARANTEED, PLAIN):
                given, thresholds = np.zeros(len(clusters), dtype=bool), []
                for learned, measured in masks:
                    confidence, wrong = _scored(run, evaluation, learned)
                    if kind == GUARANTEED:
                        one = guaranteed_threshold(confidence, wrong, risk, clusters=clusters[learned])
                    else:
                        one = plain_threshold(confidence, wrong, risk)
                    thresholds += [] if one is None else [one]
                    given[measured] = answered(confidence_of(evaluation.proba[measured]), one)
                wrong = evaluation.predicted[given] != evaluation.target[given]
                n_scored = sum(int(measured.sum()) for _, measured in masks)
                table.append(
                    (
                        evaluation.name, part, risk, kind, np.mean(thresholds) if thresholds else np.nan,
                        given.sum() / n_scored, int(given.sum()), wrong.mean() if len(wrong) else np.nan,
                        *share_interval(wrong, clusters[given]),
                    )
                )  # fmt: skip
    return pd.DataFrame(table, columns=list(REFUSAL_COLUMNS))
