"""Sets of labels against the coverage that they promise, as a table."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ..classifiers.conformal import ALWAYS, LEVELS, sets_of, thresholds_of
from ..classifiers.doubt import GROUPS
from .doubt import plans, share_interval
from .metrics import main_part
from .run import Run
from .statistics import CONFIDENCE
from .uncertainty import units_of

BY_LABEL, BY_GROUP = "label", "detector"
ALL = "all"
SET_COLUMNS = (
    "model", "part", "by", "level", "group", "n", "coverage", "low", "high", "size", "single", "empty", "n_learned",
    "always", "short",
)  # fmt: skip


def sets_table(run: Run) -> pd.DataFrame:
    """Label sets of every model and level, main part.

    `by` what thresholds were learned for: each "label", or by "detector" for
    faces found and not found. `group` "all", a label or a group of faces.
    `coverage`, the share of sets that hold the true label, with `low`,
    `high`; mean `size`, shares of `single` and `empty` sets; `n_learned`, the
    faces that the thresholds rest on, and whether they were too few, so that
    sets `always` hold a label; `short`, whether the coverage misses the
    promise by more than chance.
    """
    rows = [
        {"model": evaluation.name, "part": main_part(run), "by": by, "level": level, **one}
        for evaluation in run.evaluations
        for by, makes in ((BY_LABEL, _by_label), (BY_GROUP, _by_group))
        for level in LEVELS
        for one in _rows(run, makes(run, evaluation), level)
    ]
    frame = pd.DataFrame(rows, columns=list(SET_COLUMNS[:-1]))
    groups = frame.groupby(["model", "by", "level"])["group"].transform("size")
    return frame.assign(short=_short(frame, groups.to_numpy()))


@dataclass(frozen=True)
class _Taxonomy:
    """Categories (n,) that thresholds are learned for, whether they are the labels, and the groups that are counted."""

    evaluation: object
    category: np.ndarray
    names: tuple[str, ...]
    of_labels: bool
    groups: tuple[tuple[str, np.ndarray, slice], ...]  # name, mask (n,), its categories


def _by_label(run, evaluation):
    names = run.dataset.label_names
    labels = [(name, evaluation.target == label, slice(label, label + 1)) for label, name in enumerate(names)]
    groups = [(name, mask, slice(None)) for name, mask in _found(run)]
    return _Taxonomy(evaluation, evaluation.target, names, True, (*labels, *groups))


def _by_group(run, evaluation):
    groups = tuple((name, mask, slice(place, place + 1)) for place, (name, mask) in enumerate(_found(run)))
    return _Taxonomy(evaluation, (~run.landmarks.found).astype(int), GROUPS, False, groups)


def _found(run):
    return zip(GROUPS, (run.landmarks.found, ~run.landmarks.found))


def _rows(run, taxonomy, level) -> Iterator[dict]:
    """A row for all faces, and for every group that some face belongs to."""
    clusters, n = units_of(run, slice(None)), len(run.dataset)
    sets, scored, learned, always = np.zeros(taxonomy.evaluation.proba.shape, dtype=bool), np.zeros(n, bool), [], []
    for source, measured in plans(run):
        thresholds = _thresholds(taxonomy, source, clusters, level)
        scored |= measured
        by_face = thresholds if taxonomy.of_labels else thresholds[taxonomy.category[measured]][:, None]
        sets[measured] = sets_of(taxonomy.evaluation.proba[measured], by_face)
        pairs = np.unique(np.stack([taxonomy.category[source], clusters[source]]), axis=1)
        learned.append(np.bincount(pairs[0], minlength=len(taxonomy.names)))
        always.append(thresholds == ALWAYS)
    held, size = sets[np.arange(n), taxonomy.evaluation.target], sets.sum(axis=1)
    learned, always = np.min(learned, axis=0), np.any(always, axis=0)
    for name, mask, categories in ((ALL, np.ones(n, dtype=bool), slice(None)), *taxonomy.groups):
        rows = scored & mask
        if rows.any():
            low, high = share_interval(held[rows], clusters[rows])
            yield {
                "group": name, "n": int(rows.sum()), "coverage": held[rows].mean(), "low": low, "high": high,
                "size": size[rows].mean(), "single": (size[rows] == 1).mean(), "empty": (size[rows] == 0).mean(),
                "n_learned": int(learned[categories].sum()), "always": bool(always[categories].any()),
            }  # fmt: skip


def _thresholds(taxonomy, source, clusters, level):
    evaluation = taxonomy.evaluation
    return thresholds_of(
        evaluation.proba[source], evaluation.target[source], taxonomy.category[source], len(taxonomy.names),
        clusters=clusters[source], level=level,
    )  # fmt: skip


def _short(frame, n_groups):
    """Whether a coverage lies below its promise by more than chance, allowing for the number of groups.

    Chance is in the faces that are counted, and in those that the threshold was learned from.
    """
    half = stats.norm.ppf((1 + CONFIDENCE) / 2)
    counted = (frame["coverage"] - frame["low"]) / half
    learned = np.sqrt(frame["level"] * (1 - frame["level"]) / (frame["n_learned"] + 2))
    least = stats.norm.ppf(1 - (1 - CONFIDENCE) / np.maximum(n_groups, 1))
    return frame["coverage"] < frame["level"] - least * np.hypot(counted, learned)
