"""Runs beside each other: differences from the first one, and whether chance explains them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.dataset import TEST
from ..data.errors import LineamentError
from ..data.scores import SCORES
from .metrics import CV, RANKED_BY, clean_rows, folds_table, scored_parts
from .ranks import Ranking, ranking
from .run import Run
from .statistics import corrected_t_test, holm, mcnemar
from .store import load_run
from .uncertainty import ALPHA, NO_DIFFERENCE, paired_difference, score_intervals, units_of, unpaired_difference

SAME, OTHER = "the same pictures", "different pictures"
ALL, CLEAN = "all", "clean"  # of the faces of a test part, see `metrics.clean_rows`
LEAST_SHARED = 0.5  # of the pictures of either run, for a paired comparison
BOUNDED = tuple(f"{metric}{bound}" for metric in SCORES for bound in ("", "_low", "_high"))
DIFFERENCE_COLUMNS = (
    "run", "model", "part", "faces", "pictures", "n", *BOUNDED, "p", "detectable", "p_mcnemar", "p_folds",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Several runs: the content of the page.

    `scores` a row a run and model, and one more on the clean pictures where
    copies of training pictures lie in its test part; `differences` from the
    first run, a row a later run and model, alike; `ranked` models over datasets, None where there are
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
    """`run`, `dataset`, `model`, `part`, `faces`, `n`, the scores with intervals, and the mean over folds."""
    k = len(run.dataset.label_names)
    cv = folds_table(run.evaluations).groupby("model")[RANKED_BY].mean()
    rows = []
    for evaluation in run.evaluations:
        for faces, mask in _scored_faces(run, _part(run)).items():
            frame = score_intervals(evaluation.target[mask], evaluation.predicted[mask], k, units_of(run, mask))
            about = {"model": evaluation.name, "part": _part(run), "faces": faces, "n": int(mask.sum())}
            entry = {"run": name, "dataset": run.dataset.name, **about}
            for row in frame[frame["label"] == -1].itertuples():
                entry |= {row.metric: row.value, f"{row.metric}_low": row.low, f"{row.metric}_high": row.high}
            rows.append({**entry, "cv_accuracy": cv[evaluation.name]})
    return pd.DataFrame(rows)


def _scored_faces(run, part):
    """Masks (n,) of all faces of a part, and of the clean ones where there are any others."""
    clean = clean_rows(run, part)
    every = {ALL: scored_parts(run)[part]}
    return every if clean is None or not clean.any() else {**every, CLEAN: clean}


def _part(run):
    return TEST if TEST in scored_parts(run) else CV


def differences_table(runs: dict[str, Run]) -> pd.DataFrame:
    """Later runs less the first one, model by model.

    Where both scored the same pictures the difference is paired; `p` agrees
    with the interval, `p_mcnemar` is McNemar's exact test by clusters,
    `p_folds` the corrected resampled t-test where both have the same folds.
    Intervals hold for all rows of the same `faces` at once (Bonferroni),
    `p_holm` adjusts `p` for their number, `verdict` says in words what it
    shows, and `detectable` what difference would have been shown in 80 % of
    the cases.
    """
    (_, first), *others = runs.items()
    both = [
        (name, run, evaluation, reference)
        for name, run in others
        for evaluation in run.evaluations
        for reference in first.evaluations
        if reference.name == evaluation.name
    ]
    confidence = 1 - ALPHA / max(len(both), 1)
    rows = [
        {"run": name, "model": evaluation.name, **difference}
        for name, run, evaluation, reference in both
        for difference in _differences(run, first, evaluation, reference, confidence)
    ]
    table = pd.DataFrame(rows, columns=list(DIFFERENCE_COLUMNS))
    table["p_holm"] = table.groupby("faces")["p"].transform(holm)
    # The interval asks a little more than Holm's p does: never are the two at odds beside a verdict.
    shown = [table[f"{RANKED_BY}_low"] > 0, table[f"{RANKED_BY}_high"] < 0]
    table["verdict"] = np.select(shown, ["better", "worse"], NO_DIFFERENCE)
    return table


def _differences(run, first, evaluation, reference, confidence):
    """On all faces of the part that both scored, and on those that are clean in both where either has others."""
    part = TEST if _part(run) == _part(first) == TEST else CV
    kinds = [_scored_faces(one, part) for one in (run, first)]
    for faces in (ALL, CLEAN):
        masks = [kind.get(faces, kind[ALL]) for kind in kinds]
        if any(faces in kind for kind in kinds) and all(
            one.duplicates.near_searched or faces == ALL for one in (run, first)
        ):
            yield {"part": part, "faces": faces, **_difference(run, first, evaluation, reference, masks, confidence)}


def _difference(run, first, evaluation, reference, masks, confidence):
    shared = _shared_rows(run, first, *masks)
    if shared is None:
        differences, extra = _unpaired(run, first, evaluation, reference, masks, confidence), {}
        where = {"pictures": OTHER, "n": int(masks[0].sum())}
    else:
        differences, extra = _paired(run, evaluation, reference, shared, confidence)
        where = {"pictures": SAME, "n": len(shared[0])}
        extra["p_folds"] = _over_folds(evaluation, reference, run, first)
    bounds = {
        f"{metric}{suffix}": value
        for metric, one in differences.items()
        for suffix, value in (("", one.value), ("_low", one.low), ("_high", one.high))
    }
    return {
        **where,
        **bounds,
        "p": differences[RANKED_BY].p,
        "detectable": differences[RANKED_BY].detectable,
    } | extra


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


def _paired(run, evaluation, reference, shared, confidence):
    rows, first_rows, order = shared
    target, answers = run.dataset.target[rows], evaluation.predicted[rows]
    others = order[reference.predicted[first_rows]]
    units = units_of(run, rows)
    test = mcnemar(answers == target, others == target, units)
    return (
        paired_difference(target, answers, others, len(order), units, confidence=confidence),
        {"p_mcnemar": test.exact.p},
    )


def _unpaired(run, first, evaluation, reference, masks, confidence):
    sides = [
        (one.target[mask], one.predicted[mask], one.proba.shape[1], units_of(of, mask))
        for one, of, mask in zip((evaluation, reference), (run, first), masks)
    ]
    return unpaired_difference(*sides, confidence=confidence)


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
