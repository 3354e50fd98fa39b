"""How sure the scores are: intervals of every figure, and models compared in pairs and by rank.

Intervals come from drawing the scored pictures anew, whole subjects where
they are known: pictures of one person are not independent.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ..data.dataset import TEST
from ..data.scores import SCORES, confusion_scores
from .baselines import scored_models
from .metrics import RANKED_BY, faces_of, scored_parts
from .run import Run
from .statistics import (
    Ranking,
    corrected_t_test,
    holm,
    mcnemar,
    percentile_interval,
    ranking,
    resampled_counts,
)

PER_LABEL = ("precision", "recall", "f1")
ALPHA = 0.05
FEWEST = 5  # pictures of a label below which resampling says nothing of it
MOST_CELLS = 2_000_000  # numbers in one resample table
NO_DIFFERENCE = "no difference shown"


def units_of(run: Run, rows: np.ndarray) -> np.ndarray | None:
    """The subjects of the rows of a mask, which are drawn as wholes; None where subjects are not known."""
    return None if run.dataset.groups is None else run.dataset.groups[rows]


def confusion_resamples(target, predicted, k, units=None) -> np.ndarray:
    """Confusion matrices (b, k, k) of resampled pictures; fewer of them where there are very many labels."""
    n_resamples = int(np.clip(MOST_CELLS // k**2, 200, 2000))
    counts = resampled_counts(target * k + predicted, k * k, units=units, n_resamples=n_resamples)
    return counts.reshape(-1, k, k)


def score_intervals(target, predicted, k, units=None) -> pd.DataFrame:
    """Scores with intervals: `label` (index, -1 for the headline scores), `metric`, `value`, `low`, `high`."""
    if not len(target):
        return pd.DataFrame(columns=["label", "metric", "value", "low", "high"])
    resampled = confusion_scores(confusion_resamples(target, predicted, k, units))
    observed = confusion_scores(np.bincount(target * k + predicted, minlength=k * k).reshape(k, k))
    few = np.bincount(target, minlength=k) < FEWEST
    blocks = []
    for metric in (*SCORES, *PER_LABEL):
        low, high = percentile_interval(resampled[metric])
        if metric in PER_LABEL:
            low, high = np.where(few, np.nan, low), np.where(few, np.nan, high)
        label = np.arange(k) if metric in PER_LABEL else [-1]
        values = {"value": np.atleast_1d(observed[metric]), "low": np.atleast_1d(low), "high": np.atleast_1d(high)}
        blocks.append(pd.DataFrame({"label": label, "metric": metric, **values}))
    return pd.concat(blocks, ignore_index=True)


def intervals_table(run: Run) -> pd.DataFrame:
    """`model`, `part`, `faces`, `label` ("" for headline scores), `metric`, `value`, `low`, `high`."""
    names = np.array([*run.dataset.label_names, ""], dtype=object)
    blocks = []
    for evaluation in scored_models(run):
        for part in scored_parts(run):
            for faces, rows in faces_of(run, part).items():
                target, predicted = evaluation.target[rows], evaluation.predicted[rows]
                frame = score_intervals(target, predicted, len(names) - 1, units_of(run, rows))
                frame.insert(0, "faces", faces)
                frame.insert(0, "part", part)
                frame.insert(0, "model", evaluation.name)
                frame["label"] = names[frame["label"].to_numpy(dtype=int)]
                blocks.append(frame)
    return pd.concat([block for block in blocks if len(block)], ignore_index=True)


@dataclass(frozen=True)
class Difference:
    """Score of one model less that of another: `value`, its interval, and the bootstrap's two-sided `p`."""

    value: float
    low: float
    high: float
    p: float

    @classmethod
    def of(cls, observed: float, resampled: np.ndarray) -> "Difference":
        low, high = percentile_interval(resampled)
        # One is added, so that p is never zero: no resample proves a difference.
        sides = ((resampled <= 0).sum() + 1, (resampled >= 0).sum() + 1)
        return cls(float(observed), float(low), float(high), float(min(1.0, 2 * min(sides) / (len(resampled) + 1))))


def paired_difference(target, first, second, k: int, units=None) -> dict[str, Difference]:
    """Scores of the first answers (n,) less those of the second on the same pictures, by metric."""
    joint = (target * k + first) * k + second
    cells, place = np.unique(joint, return_inverse=True)
    n_resamples = int(np.clip(MOST_CELLS // max(len(cells), k**2), 200, 2000))
    drawn = resampled_counts(place, len(cells), units=units, n_resamples=n_resamples)
    counts = np.concatenate([np.bincount(place, minlength=len(cells))[None], drawn])
    scored = [confusion_scores(_gathered(counts, seen, k)) for seen in (cells // k, cells // (k * k) * k + cells % k)]
    return _differences(*scored)


def unpaired_difference(first: tuple, second: tuple) -> dict[str, Difference]:
    """The same for answers on different pictures: each is (target, predicted, k, units or None)."""
    scored = []
    for seed, (target, predicted, k, units) in enumerate((first, second)):
        observed = np.bincount(target * k + predicted, minlength=k * k).reshape(1, k, k)
        drawn = resampled_counts(target * k + predicted, k * k, units=units, seed=seed).reshape(-1, k, k)
        scored.append(confusion_scores(np.concatenate([observed, drawn])))
    return _differences(*scored)


def _differences(first, second):
    differences = {metric: first[metric] - second[metric] for metric in SCORES}
    return {metric: Difference.of(values[0], values[1:]) for metric, values in differences.items()}


def _gathered(counts, cell, k):
    """Counts (b, c) of joint cells as confusion matrices (b, k, k), where joint cell i belongs to `cell[i]`."""
    order = np.argsort(cell, kind="stable")
    seen, start = np.unique(cell[order], return_index=True)
    matrix = np.zeros((len(counts), k * k), dtype=np.int64)
    matrix[:, seen] = np.add.reduceat(counts[:, order], start, axis=1)
    return matrix.reshape(-1, k, k)


def pairs_table(run: Run, folds: pd.DataFrame) -> pd.DataFrame:
    """Models in pairs, by accuracy.

    `first`, `second`: the one with the higher mean over folds first;
    `difference` of these means; `t`, `p_folds` of the corrected resampled
    t-test; `low`, `high` of the difference on the answers of the
    cross-validation; `difference_test`, `only_first`, `only_second`,
    `p_test` of McNemar's exact test on the test part, NaN without one.
    `_holm` columns are adjusted for the number of pairs; `verdict` in words,
    from the folds.
    """
    means = folds.groupby("model")[RANKED_BY].mean()
    by_name = {evaluation.name: evaluation for evaluation in run.evaluations}
    order = sorted(by_name, key=lambda name: -means[name])
    rows = [_pair(run, folds, by_name[first], by_name[second]) for first, second in combinations(order, 2)]
    table = pd.DataFrame(rows, columns=None if rows else PAIR_COLUMNS)
    for name in ("p_folds", "p_test"):
        table[f"{name}_holm"] = holm(table[name])
    shown = table["p_folds_holm"] < ALPHA
    table["verdict"] = np.where(shown, table["first"] + " is better", NO_DIFFERENCE)
    return table


PAIR_COLUMNS = (
    "first", "second", "difference", "low", "high", "t", "p_folds", "difference_test", "only_first", "only_second",
    "p_test",
)  # fmt: skip


def _pair(run, folds, first, second):
    by_fold = folds.set_index(["model", "fold"])
    scores = by_fold.loc[first.name, RANKED_BY] - by_fold.loc[second.name, RANKED_BY]
    n_test, n_train = by_fold.loc[first.name, ["n", "n_train"]].mean()
    t_test = corrected_t_test(scores.to_numpy(), n_test=n_test, n_train=n_train)
    rows = first.fold >= 0
    answers = first.target[rows], first.predicted[rows], second.predicted[rows]
    interval = paired_difference(*answers, first.proba.shape[1], units_of(run, rows))[RANKED_BY]
    on_folds = (
        first.name, second.name, float(scores.mean()), interval.low, interval.high, t_test.statistic, t_test.p,
    )  # fmt: skip
    return dict(zip(PAIR_COLUMNS, (*on_folds, *_on_test(run, first, second))))


def _on_test(run, first, second):
    rows = scored_parts(run).get(TEST)
    if rows is None:
        return np.nan, np.nan, np.nan, np.nan
    right = [one.predicted[rows] == one.target[rows] for one in (first, second)]
    test = mcnemar(*right)
    return float(right[0].mean() - right[1].mean()), test.only_a, test.only_b, test.exact.p


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
