"""Leakage: what careless protocols would have reported for the same model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ..classifiers.audit import DETECTED, DUPLICATES, SELECTION, SEQUENCES, SUBJECTS, Audit, Comparison
from ..data.dataset import Dataset
from ..data.duplicates import Duplicates, fold_groups
from .run import Run
from .statistics import CONFIDENCE, corrected_interval, detectable
from .uncertainty import NO_DIFFERENCE

FLATTERED, TOO_LOW = "flattered", "too low"
RULES = {
    DUPLICATES: ("copies together", "copies on both sides"),
    SEQUENCES: ("whole sequences together", "frames of a sequence on both sides"),
    SUBJECTS: ("whole persons apart", "persons on both sides"),
    DETECTED: ("all faces", "detected faces alone"),
    SELECTION: ("features selected within the fold", "features selected on all pictures"),
}
CAUSES = {
    DUPLICATES: (
        "A picture of which a copy, exact or nearly so, is trained on is remembered when it is scored, not understood."
    ),
    SEQUENCES: (
        "Neighbouring frames of one sequence show one moment: a model that was trained on one has all but seen the "
        "other. Persons may sit on both sides before and after this step, so it says nothing of knowing a person."
    ),
    SUBJECTS: ("A model scores by knowing the face again, which helps with nobody new."),
    DETECTED: (
        "Faces that the detector misses are the hard ones; who leaves them out reports the easy part as the whole."
    ),
    SELECTION: ("A selector that has seen the labels of the scored pictures picks features that fit them by chance."),
}
FRAMES_UNKNOWN = "Which pictures are frames of one sequence is not known"
GAP_COLUMNS = (
    "rule", "honest_rule", "leaky_rule", "n", "honest", "leaky", "gap", "low", "high", "detectable", "verdict", "cause",
    "why_not",
)  # fmt: skip


def gaps_table(run: Run) -> pd.DataFrame:
    """`honest` and `leaky` accuracy by `rule`, their `gap` with interval, `verdict`, `cause`; empty without audit.

    The intervals hold for all rules together (Bonferroni), so that of twenty
    audits without a leak one at most accuses any rule. `detectable` is the
    gap that this audit would have shown in four of five cases.
    """
    if run.audit is None:
        return pd.DataFrame(columns=list(GAP_COLUMNS))
    return gaps_of(run.audit, run.dataset, run.duplicates)


def gaps_of(audit: Audit, dataset: Dataset, duplicates: Duplicates) -> pd.DataFrame:
    """The rows of `gaps_table`, of an audit alone."""
    asked = sum(not one.why_not for one in audit.comparisons)
    target, groups = dataset.target[audit.rows], fold_groups(dataset, duplicates)[audit.rows]
    rows = [
        {**_gap(audit, one, target, groups, asked), "cause": cause(one.name, dataset, duplicates)}
        for one in audit.comparisons
    ]
    return pd.DataFrame(rows, columns=list(GAP_COLUMNS))


def cause(rule: str, dataset: Dataset, duplicates: Duplicates) -> str:
    """Why a broken rule flatters, and what else it may be that these pictures cannot tell apart from it."""
    frames = dataset.sequences is not None
    if rule == DUPLICATES:
        return CAUSES[rule] + ("" if frames else f" {FRAMES_UNKNOWN}, and some of these copies may be such.")
    if rule != SUBJECTS:
        return CAUSES[rule]
    unknown = [] if duplicates.near_searched else ["near copies were not looked for"]
    unknown += [] if frames else ["frames of one sequence are not known as such"]
    if unknown:
        return f"{CAUSES[rule]} Part of it may be knowing the moment again: {' and '.join(unknown)}."
    return f"{CAUSES[rule]} Copies and frames of one sequence stay together on both sides of this comparison."


def _gap(audit, comparison: Comparison, target, groups, asked):
    named = {"rule": comparison.name, "why_not": comparison.why_not}
    named |= dict(zip(("honest_rule", "leaky_rule"), RULES[comparison.name]))
    if comparison.why_not:
        return {**named, "n": 0, "verdict": "nothing to compare"}
    honest, leaky = (_right(answers, target) for answers in (comparison.honest, comparison.leaky))
    refolding = comparison.share * _refolding(audit, comparison)
    gap, error, df = gap_error(honest, leaky, groups, refolding)
    half = stats.t.ppf(1 - (1 - CONFIDENCE) / (2 * asked), df) * error
    verdict = FLATTERED if gap > half else TOO_LOW if gap < -half else NO_DIFFERENCE
    return {
        **named, "n": len(target), "honest": np.nanmean(honest), "leaky": np.nanmean(leaky), "gap": gap,
        "low": gap - half, "high": gap + half, "verdict": verdict,
        "detectable": float(detectable(error, df, alpha=(1 - CONFIDENCE) / asked)),
    }  # fmt: skip


def _right(answers, target):
    """Whether each answer (r, n) is right, 0 or 1; NaN where it is not scored."""
    return np.where(answers < 0, np.nan, answers == target)


def gap_error(honest: np.ndarray, leaky: np.ndarray, groups: np.ndarray, refolding: float = 0.0) -> tuple:
    """Gap of two accuracies on the same pictures, its standard error and the error's degrees of freedom.

    The variance has two parts: of the pictures, whole groups at a time (the
    sandwich of the linearised difference), and of the choice of folds, from
    cross-validations on other folds. The first holds some of the second
    already, so the sum errs on the side of no accusation; see
    benchmarks/leaks.py.

    Parameters
    ----------
    honest, leaky : ndarray of shape (r, n)
        1 where the answer is right, 0 where not, NaN where none is scored; r cross-validations.
    groups : ndarray of shape (n,)
        Pictures that are not independent share a number.
    refolding : float
        Variance of the gap by the choice of folds.
    """
    means = [np.nanmean(side) for side in (honest, leaky)]
    gap = float(means[1] - means[0])
    parts = [np.nansum(side - mean, axis=0) / np.isfinite(side).sum() for side, mean in zip((honest, leaky), means)]
    _, group = np.unique(groups, return_inverse=True)
    n_groups = int(group.max()) + 1
    of_groups = np.bincount(group, weights=parts[1] - parts[0])
    # Half a picture more on either side, after Agresti and Min (Statistics in Medicine 24, 2005): answers that are all
    # the same do not prove that no other would differ.
    pictures = n_groups / max(n_groups - 1, 1) * (of_groups**2).sum() + 1 / len(groups) ** 2
    error = np.sqrt(pictures + refolding)
    return gap, float(error), float(max(n_groups - 1, 1))


def _refolding(audit, comparison):
    """Variance of the gap by the choice of folds, if the two rules dealt all pictures otherwise."""
    means, turns = audit.repeats.mean(axis=1), len(comparison.honest)
    if len(means) < 2:
        return 0.0
    # Sides on the same folds, asked once, move together; means over folds of their own do not.
    return float(means.var(ddof=1)) * (2 / turns if turns > 1 else 1.0)


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
            # A share of every fold's training groups overlaps no more, in proportion, than the wholes do.
            n_test, n_train = run.audit.fold_sizes
            interval = corrected_interval(point.f1_macro, n_test=n_test, n_train=n_train)
            rows.append((curve, point.at, float(np.mean(point.f1_macro)), *interval))
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class Climb:
    """Macro F1 on all training faces less that on the share before, `at` faces: is the learning curve still rising?"""

    at: tuple[float, float]
    gain: float
    low: float
    high: float
    detectable: float


def climb(audit: Audit) -> Climb | None:
    """The end of the learning curve, fold by fold in every draw; None where it is one point.

    With the variance of `corrected_interval`, since folds share training faces.
    """
    if len(audit.learning) < 2:
        return None
    before, whole = audit.learning[-2:]
    gains = np.array(whole.f1_macro) - np.array(before.f1_macro)
    n_test, n_train = audit.fold_sizes
    df = max(len(gains) - 1, 1)
    error = np.sqrt(gains.var(ddof=1) * (1 / len(gains) + n_test / n_train)) if len(gains) > 1 else np.nan
    half = stats.t.ppf((1 + CONFIDENCE) / 2, df) * error
    gain = float(gains.mean())
    return Climb((before.at, whole.at), gain, gain - half, gain + half, float(detectable(error, df)))
