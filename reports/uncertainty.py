"""How sure the scores are: intervals of every figure, and models compared in pairs and by rank.

All of them go by clusters of pictures that are not independent (`intervals`).
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ..data.dataset import TEST
from ..data.duplicates import fold_groups
from ..data.scores import SCORES, confusion_scores
from .baselines import BASELINE, GUESS, expected_counts, majority_baseline, scored_models
from .formats import THIN, percent
from .intervals import Differences, differences, score_estimates, shares
from .metrics import RANKED_BY, faces_of, scored_parts
from .ranks import Ranking, ranking
from .run import Run
from .statistics import (
    CONFIDENCE,
    corrected_error,
    corrected_t_test,
    detectable,
    holm,
    mcnemar,
)

PER_LABEL = ("precision", "recall", "f1")
ALPHA = 0.05
NO_DIFFERENCE = "no difference shown"


def units_of(run: Run, rows: np.ndarray) -> np.ndarray:
    """The cluster of every row of a mask or of indices: pictures of one subject, or copies of one picture.

    Two subjects who share a picture are one cluster, as they are in the folds. Clusters are numbered as they appear,
    lest sums over them differ in the last digit where a run is read again.
    """
    _, first, cluster = np.unique(fold_groups(run.dataset, run.duplicates), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[cluster][rows]


def unit_name(run: Run) -> str:
    """What a cluster is, in the plural."""
    return "different pictures" if run.dataset.groups is None else "subjects"


def score_intervals(target, predicted, k, units=None) -> pd.DataFrame:
    """Scores with intervals: `label` (index, -1 for the headline scores), `metric`, `value`, `low`, `high`.

    `units` (n,) are clusters; None takes every row for one of its own. No
    interval is given for a label that fewer than `intervals.FEWEST` clusters
    bear, nor for a macro score that counts one.
    """
    if not len(target):
        return pd.DataFrame(columns=["label", "metric", "value", "low", "high"])
    observed = confusion_scores(np.bincount(target * k + predicted, minlength=k * k).reshape(k, k))
    scored = score_estimates(target, predicted, k, np.arange(len(target)) if units is None else units)
    return _scores_frame(observed, {metric: one.interval() for metric, one in scored.items()}, scored["recall"].enough)


def _scores_frame(observed, bounds, enough):
    blocks = []
    for metric in (*SCORES, *PER_LABEL):
        low, high = bounds[metric]
        if metric in PER_LABEL:
            low, high = np.where(enough, low, np.nan), np.where(enough, high, np.nan)
        label = np.arange(len(enough)) if metric in PER_LABEL else [-1]
        values = {"value": np.atleast_1d(observed[metric]), "low": low, "high": high}
        blocks.append(pd.DataFrame({"label": label, "metric": metric, **values}))
    return pd.concat(blocks, ignore_index=True)


def interval_words(intervals: pd.DataFrame, model: str, part: str, faces: str = "all") -> str:
    """“ (95 % interval 60.0 % to 63.2 %)” of the score that ranks models, from `intervals_table`; "" for none."""
    frame = intervals.query("model == @model and part == @part and faces == @faces and label == ''")
    row = frame[frame["metric"] == RANKED_BY]
    if not len(row) or np.isnan(row.iloc[0]["low"]):
        return ""
    return f" (95{THIN}% interval {percent(row.iloc[0]['low'])} to {percent(row.iloc[0]['high'])})"


def intervals_table(run: Run) -> pd.DataFrame:
    """`model`, `part`, `faces`, `label` ("" for headline scores), `metric`, `value`, `low`, `high`."""
    names, units = np.array([*run.dataset.label_names, ""], dtype=object), units_of(run, slice(None))
    blocks = []
    for evaluation in scored_models(run):
        for part in scored_parts(run):
            for faces, rows in faces_of(run, part).items():
                frame = _intervals(evaluation, rows, len(names) - 1, units)
                frame.insert(0, "faces", faces)
                frame.insert(0, "part", part)
                frame.insert(0, "model", evaluation.name)
                frame["label"] = names[frame["label"].to_numpy(dtype=int)]
                blocks.append(frame)
    return pd.concat([block for block in blocks if len(block)], ignore_index=True)


def _intervals(evaluation, rows, k, units):
    if evaluation.name != GUESS or not rows.any():
        frame = score_intervals(evaluation.target[rows], evaluation.predicted[rows], k, units[rows])
        if evaluation.name == BASELINE:  # recalls of 1 and 0: their mean hangs on no picture
            frame.loc[frame["metric"] == "recall_macro", ["low", "high"]] = np.nan
        return frame
    # The guess is scored in expectation: nothing of it is left to chance but the labels themselves.
    unknown = np.full(k, np.nan)
    bounds = {metric: (unknown if metric in PER_LABEL else unknown[:1],) * 2 for metric in (*SCORES, *PER_LABEL)}
    return _scores_frame(confusion_scores(expected_counts(evaluation, rows)), bounds, np.zeros(k, dtype=bool))


@dataclass(frozen=True)
class Difference:
    """Score of one model less that of another: `value`, its interval, and the two-sided `p` that agrees with it.

    `detectable` is what would have been shown in 80 % of the cases, at the level of the interval.
    """

    value: float
    low: float
    high: float
    p: float
    detectable: float

    @classmethod
    def of(cls, difference: Differences, *, confidence: float = CONFIDENCE) -> "Difference":
        low, high = difference.interval(confidence)
        smallest = detectable(difference.error(), difference.df, alpha=1 - confidence)
        return cls(*(float(one[0]) for one in (difference.value, low, high, difference.p(), smallest)))


def paired_difference(
    target, first, second, k: int, units=None, *, confidence: float = CONFIDENCE
) -> dict[str, Difference]:
    """Scores of the first answers (n,) less those of the second on the same pictures, by metric."""
    units = np.arange(len(target)) if units is None else units
    both = [score_estimates(target, answers, k, units) for answers in (first, second)]
    return _differences(*both, paired=True, confidence=confidence)


def unpaired_difference(first: tuple, second: tuple, *, confidence: float = CONFIDENCE) -> dict[str, Difference]:
    """The same for answers on different pictures: each is (target, predicted, k, units)."""
    return _differences(*(score_estimates(*side) for side in (first, second)), paired=False, confidence=confidence)


def _differences(first, second, *, paired, confidence):
    return {
        metric: Difference.of(differences(first[metric], second[metric], paired=paired), confidence=confidence)
        for metric in SCORES
    }


def accuracy_difference(right_a: np.ndarray, right_b: np.ndarray, units: np.ndarray) -> Differences:
    """Accuracy of one model less that of another on the same pictures, from masks (n,) of what each had right."""
    _, cluster = np.unique(units, return_inverse=True)
    column = np.repeat([0, 1], len(cluster))
    both = shares(column, np.tile(cluster, 2), np.r_[right_a, right_b], 2)
    return differences(both.take([0]), both.take([1]))


def gain_over_majority(run: Run, name: str) -> Difference:
    """Accuracy of a model in the cross-validation less that of the majority label; holds for all models at once."""
    model = next(evaluation for evaluation in run.evaluations if evaluation.name == name)
    rows = model.fold >= 0
    right = [_right(one)[rows] for one in (model, majority_baseline(model))]
    return Difference.of(accuracy_difference(*right, units_of(run, rows)), confidence=1 - ALPHA / len(run.evaluations))


PAIR_COLUMNS = (
    "first", "second", "difference", "low", "high", "t", "p_folds", "detectable", "difference_test", "low_test",
    "high_test", "only_first", "only_second", "p_test",
)  # fmt: skip


def pairs_table(run: Run, folds: pd.DataFrame) -> pd.DataFrame:
    """Models in pairs, by accuracy.

    `first`, `second`: the one with the higher accuracy first; `difference` on
    all answers of the cross-validation, with `low`, `high`; `t`, `p_folds` of
    the corrected resampled t-test over folds; `detectable`, the difference
    that it would have shown in 80 % of the cases; `difference_test` with
    `low_test`, `high_test`, `only_first`, `only_second`, `p_test` of McNemar's
    exact test by clusters on the test part, NaN without one. Intervals hold
    for all pairs at once (Bonferroni), `_holm` columns are adjusted for their
    number, and so is `detectable`; `verdict` in words, from the folds.
    """
    by_name = {evaluation.name: evaluation for evaluation in run.evaluations}
    order = sorted(by_name, key=lambda name: -_right(by_name[name])[by_name[name].fold >= 0].mean())
    pairs = list(combinations(order, 2))
    alpha = ALPHA / max(len(pairs), 1)
    rows = [_pair(run, folds, by_name[first], by_name[second], alpha) for first, second in pairs]
    table = pd.DataFrame(rows, columns=None if rows else PAIR_COLUMNS)
    for name in ("p_folds", "p_test"):
        table[f"{name}_holm"] = holm(table[name])
    shown = (table["p_folds_holm"] < ALPHA) & (table["t"] > 0)  # unequal folds might lean to the second
    table["verdict"] = np.where(shown, table["first"] + " is better", NO_DIFFERENCE)
    return table


def _right(evaluation):
    return evaluation.predicted == evaluation.target


def _pair(run, folds, first, second, alpha):
    by_fold = folds.set_index(["model", "fold"])
    scores = (by_fold.loc[first.name, RANKED_BY] - by_fold.loc[second.name, RANKED_BY]).to_numpy()
    sizes = dict(zip(("n_test", "n_train"), by_fold.loc[first.name, ["n", "n_train"]].mean()))
    t_test = corrected_t_test(scores, **sizes)
    rows = first.fold >= 0
    difference = accuracy_difference(_right(first)[rows], _right(second)[rows], units_of(run, rows))
    # Few folds may agree by luck: no test is trusted to see less than the answers themselves would show.
    error = np.fmax(corrected_error(scores, **sizes), difference.error()[0])
    smallest = float(detectable(error, len(scores) - 1, alpha=alpha))
    one = Difference.of(difference, confidence=1 - alpha)
    on_folds = (first.name, second.name, one.value, one.low, one.high, t_test.statistic, t_test.p, smallest)
    return dict(zip(PAIR_COLUMNS, (*on_folds, *_on_test(run, first, second, alpha))))


def _on_test(run, first, second, alpha):
    rows = scored_parts(run).get(TEST)
    if rows is None:
        return (np.nan,) * 6
    right, units = [_right(one)[rows] for one in (first, second)], units_of(run, rows)
    one = Difference.of(accuracy_difference(*right, units), confidence=1 - alpha)
    test = mcnemar(*right, units)
    return one.value, one.low, one.high, test.only_a, test.only_b, test.exact.p


def fold_ranking(run: Run, folds: pd.DataFrame) -> tuple[list[str], Ranking] | None:
    """Models of the run and their `Ranking` over folds; None for fewer than three models or two folds."""
    names = [evaluation.name for evaluation in run.evaluations]
    wide = folds.pivot(index="fold", columns="model", values=RANKED_BY)
    if len(names) < 3 or len(wide) < 2:
        return None
    return names, ranking(wide[names].to_numpy())


def ranks_table(run: Run, folds: pd.DataFrame) -> pd.DataFrame:
    """`model`, `mean_rank` over the folds, `critical_difference`, `friedman_p`; empty for fewer than three models."""
    over_folds = fold_ranking(run, folds)
    columns = ["model", "mean_rank", "critical_difference", "friedman_p"]
    if over_folds is None:
        return pd.DataFrame(columns=columns)
    names, ranked = over_folds
    rows = [(name, rank, ranked.critical_difference, ranked.friedman.p) for name, rank in zip(names, ranked.ranks)]
    return pd.DataFrame(rows, columns=columns).sort_values("mean_rank", kind="stable", ignore_index=True)
