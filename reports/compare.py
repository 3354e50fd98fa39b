"""Runs beside each other: differences from the first one and whether chance explains them, on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.dataset import TEST
from ..data.errors import LineamentError
from . import figures
from ..data.scores import SCORES
from .metrics import BASELINES, CV, RANKED_BY, cv_table, folds_table, scored_parts
from .page import Picture
from .run import Run
from .statistics import Ranking, corrected_t_test, holm, level_groups, mcnemar, ranking
from .store import load_run
from .uncertainty import ALPHA, NO_DIFFERENCE, paired_difference, score_intervals, units_of, unpaired_difference
from .views import Column, View, bounded_cell, count_cell, p_cell, points, points_cell, share_cell, text_cell
from .words import PARTS, p_text

SAME, OTHER = "the same pictures", "different pictures"
LEAST_SHARED = 0.5  # of the pictures of either run, for a paired comparison
BOUNDED = tuple(f"{metric}{bound}" for metric in SCORES for bound in ("", "_low", "_high"))
DIFFERENCE_COLUMNS = ("run", "model", "part", "pictures", "n", *BOUNDED, "p", "p_mcnemar", "p_folds")


@dataclass(frozen=True)
class Comparison:
    """Several runs: the content of the page.

    `scores` a row a run and model; `differences` from the first run, a row a
    later run and model; `ranked` models over datasets, None where there are
    fewer than two datasets or models in common.
    """

    names: tuple[str, ...]
    runs: tuple[Run, ...]
    scores: pd.DataFrame
    differences: pd.DataFrame
    ranked: tuple[list[str], list[str], Ranking] | None


def load_runs(folders: Sequence) -> dict[str, Run]:
    """Runs by a name that tells their folders apart.

    Raises
    ------
    LineamentError
        For fewer than two folders, a folder given twice, or one that holds no run.
    """
    paths = [Path(folder) for folder in folders]
    if len({path.resolve() for path in paths}) < max(2, len(paths)):
        raise LineamentError("A comparison needs at least two run folders, each named once.")
    short = [path.resolve().name for path in paths]
    names = short if len(set(short)) == len(short) else [str(path) for path in paths]
    return {name: load_run(path) for name, path in zip(names, paths)}


def compare(runs: dict[str, Run]) -> Comparison:
    """Differences between runs; the first is what the others are measured against."""
    names = tuple(runs)
    return Comparison(
        names=names,
        runs=tuple(runs.values()),
        scores=pd.concat([_scores(name, run) for name, run in runs.items()], ignore_index=True),
        differences=differences_table(runs),
        ranked=ranked_over_datasets(runs),
    )


def _scores(name, run):
    """`run`, `dataset`, `model`, `part`, `n`, the scores with intervals, and the mean over folds."""
    part, k = _part(run), len(run.dataset.label_names)
    cv = cv_table(folds_table(run.evaluations)).query("metric == @RANKED_BY").set_index("model")["mean"]
    rows = []
    for evaluation in run.evaluations:
        mask = scored_parts(run)[part]
        frame = score_intervals(evaluation.target[mask], evaluation.predicted[mask], k, units_of(run, mask))
        found = {"run": name, "dataset": run.dataset.name, "model": evaluation.name, "part": part, "n": int(mask.sum())}
        for row in frame[frame["label"] == -1].itertuples():
            found |= {row.metric: row.value, f"{row.metric}_low": row.low, f"{row.metric}_high": row.high}
        rows.append({**found, "cv_accuracy": cv[evaluation.name]})
    return pd.DataFrame(rows)


def _part(run):
    return TEST if TEST in scored_parts(run) else CV


def differences_table(runs: dict[str, Run]) -> pd.DataFrame:
    """Later runs less the first one, model by model.

    Where both scored the same pictures the difference is paired; `p` is the
    bootstrap's, `p_mcnemar` McNemar's exact test, `p_folds` the corrected
    resampled t-test where both have the same folds; `p_holm` adjusts `p` for
    all rows, and `verdict` says in words what it shows.
    """
    (_, first), *others = runs.items()
    rows = [
        {"run": name, "model": evaluation.name, **_difference(run, first, evaluation, reference)}
        for name, run in others
        for evaluation in run.evaluations
        for reference in first.evaluations
        if reference.name == evaluation.name
    ]
    table = pd.DataFrame(rows, columns=list(DIFFERENCE_COLUMNS))
    table["p_holm"] = holm(table["p"])
    better = np.where(table[RANKED_BY] > 0, "better", "worse")
    table["verdict"] = np.where(table["p_holm"] < ALPHA, better, NO_DIFFERENCE)
    return table


def _difference(run, first, evaluation, reference):
    part = TEST if _part(run) == _part(first) == TEST else CV
    masks = [scored_parts(one)[part] for one in (run, first)]
    shared = _shared_rows(run, first, *masks)
    if shared is None:
        found, extra = _unpaired(run, first, evaluation, reference, masks), {}
        where = {"pictures": OTHER, "n": int(masks[0].sum())}
    else:
        found, extra = _paired(run, evaluation, reference, *shared)
        where = {"pictures": SAME, "n": len(shared[0])}
        extra["p_folds"] = _over_folds(evaluation, reference, run, first)
    bounds = {
        f"{metric}{suffix}": value
        for metric, one in found.items()
        for suffix, value in (("", one.value), ("_low", one.low), ("_high", one.high))
    }
    return {"part": part, **where, **bounds, "p": found[RANKED_BY].p, **extra}


def _shared_rows(run, first, mask, first_mask):
    """Rows of either run that show the same picture under the same label; None where they are too few."""
    if set(run.dataset.label_names) != set(first.dataset.label_names):
        return None
    keys = [one.dataset.keys[rows].astype(str) for one, rows in ((run, mask), (first, first_mask))]
    _, place, first_place = np.intersect1d(*keys, return_indices=True)
    rows, first_rows = np.flatnonzero(mask)[place], np.flatnonzero(first_mask)[first_place]
    order = _label_order(run, first)
    alike = run.dataset.target[rows] == order[first.dataset.target[first_rows]]
    rows, first_rows = rows[alike], first_rows[alike]
    enough = len(rows) >= LEAST_SHARED * max(int(mask.sum()), int(first_mask.sum()))
    return (rows, first_rows, order) if enough and len(rows) else None


def _label_order(run, first):
    """Index in `run.dataset.label_names` of every label of the first run."""
    return np.array([run.dataset.label_names.index(name) for name in first.dataset.label_names])


def _paired(run, evaluation, reference, rows, first_rows, order):
    target, answers = run.dataset.target[rows], evaluation.predicted[rows]
    others = order[reference.predicted[first_rows]]
    mask = np.zeros(len(run.dataset), dtype=bool)
    mask[rows] = True
    units = None if run.dataset.groups is None else run.dataset.groups[rows]
    test = mcnemar(answers == target, others == target)
    return (
        paired_difference(target, answers, others, len(order), units),
        {"p_mcnemar": test.exact.p},
    )


def _unpaired(run, first, evaluation, reference, masks):
    sides = [
        (one.target[mask], one.predicted[mask], one.proba.shape[1], units_of(of, mask))
        for one, of, mask in zip((evaluation, reference), (run, first), masks)
    ]
    return unpaired_difference(*sides)


def _over_folds(evaluation, reference, run, first):
    """P of the corrected resampled t-test; NaN where the folds of the two runs are not the same."""
    same = np.array_equal(run.dataset.keys, first.dataset.keys) and np.array_equal(evaluation.fold, reference.fold)
    if not same:
        return np.nan
    folds = folds_table([evaluation])
    scores = folds[RANKED_BY].to_numpy() - folds_table([reference])[RANKED_BY].to_numpy()
    return corrected_t_test(scores, n_test=folds["n"].mean(), n_train=folds["n_train"].mean()).p


def ranked_over_datasets(runs: dict[str, Run]) -> tuple[list[str], list[str], Ranking] | None:
    """Datasets, models that all of them share, and the models' ranking over datasets by mean accuracy over folds."""
    by_dataset = {run.dataset.name: run for run in runs.values()}
    shared = [
        evaluation.name
        for evaluation in next(iter(runs.values())).evaluations
        if all(evaluation.name in {one.name for one in run.evaluations} for run in by_dataset.values())
    ]
    if len(by_dataset) < 2 or len(shared) < 2:
        return None
    scores = [
        folds_table(run.evaluations).groupby("model")[RANKED_BY].mean().loc[shared].to_numpy()
        for run in by_dataset.values()
    ]
    return list(by_dataset), shared, ranking(np.array(scores))


# --- the page --------------------------------------------------------------------------------------


def scores_view(comparison: Comparison) -> View:
    rows = tuple(
        (
            text_cell(row["run"]), text_cell(row["dataset"]), text_cell(row["model"]), text_cell(PARTS[row["part"]]),
            count_cell(row["n"]),
            *(bounded_cell(row[metric], row[f"{metric}_low"], row[f"{metric}_high"]) for metric in SCORES),
            share_cell(row["cv_accuracy"]),
        )  # fmt: skip
        for row in comparison.scores.to_dict("records")
    )
    texts = (Column(title, numeric=False) for title in ("run", "dataset", "model", "part"))
    numbers = map(Column, ("n", "accuracy", "macro recall", "macro F1", "accuracy, mean of folds"))
    caption = "In percent, with 95\u202f% bootstrap intervals, by subject where subjects are known."
    return View(caption, (*texts, *numbers), rows, csv="scores")


def differences_view(comparison: Comparison) -> View:
    rows = tuple(
        (
            text_cell(row["run"]), text_cell(row["model"]), text_cell(f"{PARTS[row['part']]}, {row['pictures']}"),
            count_cell(row["n"]),
            *(points_cell(row[metric], row[f"{metric}_low"], row[f"{metric}_high"]) for metric in SCORES),
            *(p_cell(row[name]) for name in ("p_holm", "p_mcnemar", "p_folds")), text_cell(row["verdict"]),
        )  # fmt: skip
        for row in comparison.differences.to_dict("records")
    )
    texts = (Column(title, numeric=False) for title in ("run", "model", "compared on"))
    numbers = map(Column, ("n", "accuracy", "macro recall", "macro F1", "p", "p, McNemar", "p, folds"))
    caption = (
        f"Each run less {comparison.names[0]}, in points, with 95\u202f% bootstrap intervals. p is the bootstrap's for "
        "the accuracy, adjusted for the number of rows (Holm), and gives the verdict; McNemar's exact test needs the "
        "same pictures, the corrected resampled t-test the same folds."
    )
    return View(caption, (*texts, *numbers, Column("verdict", numeric=False)), rows, csv="differences")


def sentences(comparison: Comparison) -> list[str]:
    """The outcome in words."""
    table = comparison.differences
    first = comparison.names[0]
    if not len(table):
        return [f"No run has a model in common with {first}: nothing can be compared."]
    found = [f"{len(comparison.names)} runs; differences are measured from {first}."]
    for row in table.itertuples():
        gap = f"{points(row.accuracy)} points of accuracy"
        shown = NO_DIFFERENCE if row.verdict == NO_DIFFERENCE else row.verdict
        found.append(f"{row.run}, {row.model}: {gap} on {row.pictures}, {shown} (p {p_text(row.p_holm)}).")
    if comparison.ranked:
        datasets, models, ranked = comparison.ranked
        verdict = "the models differ" if ranked.friedman.p < ALPHA else f"{NO_DIFFERENCE} among the models"
        found.append(f"Over {len(datasets)} datasets: {verdict} (Friedman, p {p_text(ranked.friedman.p)}).")
    return found


def pictures(comparison: Comparison) -> list[Picture]:
    """Accuracy by run and model, and the critical-difference plot over datasets."""
    frame = comparison.scores
    frame = frame[~frame["model"].isin(BASELINES)]
    table = pd.DataFrame(
        {
            "group": frame["model"], "name": frame["run"], "value": frame["accuracy"], "low": frame["accuracy_low"],
            "high": frame["accuracy_high"],
        }  # fmt: skip
    ).sort_values("group", kind="stable")
    values = "; ".join(f"{row.group} in {row.name} {100 * row.value:.1f} %" for row in table.itertuples(index=False))
    display = figures.IntervalsDisplay(table, title="Accuracy")
    found = [Picture("accuracy", display, f"Accuracy with intervals. {values}.")]
    if comparison.ranked:
        datasets, models, ranked = comparison.ranked
        groups = tuple(level_groups(ranked))
        display = figures.RanksDisplay(tuple(models), tuple(ranked.ranks), ranked.critical_difference, groups)
        ranks = ", ".join(f"{row.model} {row.mean_rank:.2f}" for row in display.frame().itertuples())
        caption = f"Mean ranks over {len(datasets)} datasets; a bar joins models not told apart (Nemenyi)."
        found.append(Picture("ranks", display, f"Critical-difference plot. Mean ranks: {ranks}.", caption))
    return found


def settings_view(comparison: Comparison) -> View:
    """What differs between the runs: one row a setting whose values are not all alike."""
    configs = [{**run.config, "pictures": len(run.dataset), "seconds": None} for run in comparison.runs]
    keys = [key for key in dict.fromkeys(key for config in configs for key in config) if key not in ("out", "cache")]
    rows = tuple(
        (text_cell(key), *(text_cell(_plain(config.get(key))) for config in configs))
        for key in keys
        if len({_plain(config.get(key)) for config in configs}) > 1
    )
    columns = (Column("setting", numeric=False), *(Column(name, numeric=False) for name in comparison.names))
    return View("Settings in which the runs differ.", columns, rows)


def _plain(value):
    return "–" if value is None else ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
