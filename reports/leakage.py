"""Leakage: what careless protocols would have reported for the same model."""

import numpy as np
import pandas as pd

from ..classifiers.audit import DETECTED, DUPLICATES, SELECTION, SUBJECTS, Comparison
from .run import Run
from .statistics import corrected_interval, percentile_interval, resampled_counts
from .uncertainty import NO_DIFFERENCE, units_of

SCORED, UNSCORED = (0, 1), 2  # right or wrong; not scored by this protocol
NORMAL = 1.959963984540054  # 95 % of a normal distribution lie within as many standard deviations
RULES = {
    SUBJECTS: ("subjects apart", "random folds"),
    DUPLICATES: ("repeated pictures together", "repeated pictures dealt at random"),
    DETECTED: ("all faces", "detected faces alone"),
    SELECTION: ("features selected within the fold", "features selected on all pictures"),
}
CAUSES = {
    SUBJECTS: (
        "With random folds a person sits on both sides, so a model scores by knowing the face again, which helps with "
        "nobody new."
    ),
    DUPLICATES: "A picture that is trained on and scored as well is remembered, not understood.",
    DETECTED: (
        "Faces that the detector misses are the hard ones; who leaves them out reports the easy part as the whole."
    ),
    SELECTION: ("A selector that has seen the labels of the scored pictures picks features that fit them by chance."),
}
GAP_COLUMNS = (
    "rule", "honest_rule", "leaky_rule", "n", "honest", "leaky", "gap", "low", "high", "verdict", "cause", "why_not",
)  # fmt: skip


def gaps_table(run: Run) -> pd.DataFrame:
    """`honest` and `leaky` accuracy by `rule`, their `gap` with interval, `verdict`, `cause`; empty without audit."""
    if run.audit is None:
        return pd.DataFrame(columns=list(GAP_COLUMNS))
    rows = [_gap(run, comparison) for comparison in run.audit.comparisons]
    return pd.DataFrame(rows, columns=list(GAP_COLUMNS))


def _gap(run, comparison: Comparison):
    named = {"rule": comparison.name, "cause": CAUSES[comparison.name], "why_not": comparison.why_not}
    named |= dict(zip(("honest_rule", "leaky_rule"), RULES[comparison.name]))
    if comparison.why_not:
        return {**named, "n": 0, "verdict": "nothing to compare"}
    target = run.dataset.target[run.audit.rows]
    outcomes = [_outcome(predicted, target) for predicted in (comparison.honest, comparison.leaky)]
    cells = outcomes[0] * 3 + outcomes[1]
    mask = np.zeros(len(run.dataset), dtype=bool)
    mask[run.audit.rows] = True
    drawn = resampled_counts(cells, 9, units=units_of(run, mask))
    observed = np.bincount(cells, minlength=9)[None]
    honest, leaky = (float(share[0]) for share in _accuracies(observed))
    resampled = np.subtract(*reversed(_accuracies(drawn)))
    low, high = _widened(leaky - honest, percentile_interval(resampled), run.audit.repeats)
    verdict = "flattered" if low > 0 else "too low" if high < 0 else NO_DIFFERENCE
    scores = {"honest": honest, "leaky": leaky, "gap": leaky - honest, "low": low, "high": high}
    return {**named, "n": len(target), **scores, "verdict": verdict}


def _widened(gap, interval, repeats):
    """The interval with what the choice of folds alone changes: resampled pictures keep the fitted models."""
    refolding = NORMAL * repeats.mean(axis=1).std(ddof=1) if len(repeats) > 1 else 0.0
    low, high = interval
    return float(gap - np.hypot(gap - low, refolding)), float(gap + np.hypot(high - gap, refolding))


def _outcome(predicted, target):
    return np.where(predicted < 0, UNSCORED, predicted == target).astype(np.int64)


def _accuracies(counts):
    """Honest and leaky accuracy (b,) from counts (b, 9) of pairs of outcomes."""
    table = counts.reshape(-1, 3, 3).astype(float)
    margins = table.sum(axis=2), table.sum(axis=1)
    return [margin[:, 1] / np.maximum(margin[:, :2].sum(axis=1), 1) for margin in margins]


def repeats_table(run: Run) -> pd.DataFrame:
    """The cross-validation repeated on other folds: `repeat`, `fold`, `accuracy`."""
    if run.audit is None:
        return pd.DataFrame(columns=["repeat", "fold", "accuracy"])
    repeat, fold = np.indices(run.audit.repeats.shape)
    return pd.DataFrame({"repeat": repeat.ravel(), "fold": fold.ravel(), "accuracy": run.audit.repeats.ravel()})


def repeated_mean(run: Run) -> tuple[float, float, float]:
    """Mean accuracy over all folds of all repeats, with its corrected interval."""
    n_test, n_train = run.audit.fold_sizes
    values = run.audit.repeats.ravel()
    return float(values.mean()), *corrected_interval(values, n_test=n_test, n_train=n_train)


def audit_curves_table(run: Run) -> pd.DataFrame:
    """Macro F1 with interval by `curve` and `at`: "learning", faces trained on; "features", how many."""
    columns = ["curve", "at", "f1_macro", "low", "high"]
    if run.audit is None:
        return pd.DataFrame(columns=columns)
    rows = []
    for curve in ("learning", "features"):
        for point in getattr(run.audit, curve):
            # A share of every fold's training groups overlaps as much, in proportion, as the wholes do.
            n_test, n_train = run.audit.fold_sizes
            interval = corrected_interval(point.f1_macro, n_test=n_test, n_train=n_train)
            rows.append((curve, point.at, float(np.mean(point.f1_macro)), *interval))
    return pd.DataFrame(rows, columns=columns)
