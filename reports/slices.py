"""The same scores on parts of the pictures: found or not, large or small, sharp or not, turned or straight."""

import numpy as np
import pandas as pd

from ..data.scores import confusion_scores, scores
from .formats import count, percent
from .metrics import RANKED_BY, main_part, scored_parts
from .run import Run
from .statistics import percentile_interval
from .uncertainty import confusion_resamples, units_of

FEWEST_PICTURES, FEWEST_CLUSTERS = 20, 10  # in a slice and in the rest, below which it is not judged
UNITS = {"face size": "px", "yaw": "°", "pitch": "°", "roll": "°"}
SLICE_COLUMNS = ("model", "by", "slice", "n", "n_subjects", "accuracy", "recall_macro", "f1_macro", "low", "high")


def conditions_of(run: Run) -> dict[str, np.ndarray]:
    """Numbers (n,) by which pictures are told apart, NaN where unknown: size, score, unsigned pose, sharpness."""
    landmarks = run.landmarks
    pose = np.where(landmarks.found[:, None], np.abs(landmarks.pose), np.nan)
    conditions = {
        "face size": landmarks.size,
        "detector score": landmarks.score.astype(float),
        **dict(zip(("yaw", "pitch", "roll"), pose.T)),
        "sharpness": landmarks.sharpness,
    }
    return {name: values for name, values in conditions.items() if np.isfinite(values).any()}


def slices_of(run: Run) -> list[tuple[str, str, np.ndarray]]:
    """(condition, slice in words, mask (n,)): found or not, then thirds of every number."""
    rows = scored_parts(run)[main_part(run)]
    slices = [
        ("detector", "face found", rows & run.landmarks.found),
        ("detector", "face not found", rows & ~run.landmarks.found),
    ]
    for name, values in run.excerpt.conditions.items():
        slices += [(name, words, mask) for words, mask in _thirds(values, rows, UNITS.get(name, ""))]
    return [(name, words, mask) for name, words, mask in slices if mask.any()]


def _thirds(values, rows, unit):
    finite = rows & np.isfinite(values)
    if not finite.any():
        return
    edges = np.quantile(values[finite], [0, 1 / 3, 2 / 3, 1], method="nearest")
    if len(np.unique(edges)) < 3:  # as good as one value
        return
    place = np.searchsorted(edges[1:-1], values, side="left")
    for third, words in enumerate(("lowest", "middle", "highest")):
        mask = finite & (place == third)
        if mask.any():
            low, high = values[mask].min(), values[mask].max()
            yield f"{words} third, {_number(low)} to {_number(high)}{chr(0x202F) + unit if unit else ''}", mask


def _number(value):
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"


def slices_table(run: Run) -> pd.DataFrame:
    """`model`, `by`, `slice`, `n`, `n_subjects`, the scores, and the interval `low`, `high` of the accuracy."""
    k, rows = len(run.dataset.label_names), []
    for name, words, mask in slices_of(run):
        units = units_of(run, mask)
        n_subjects = np.nan if units is None else len(np.unique(units))
        for evaluation in run.evaluations:
            target, predicted = evaluation.target[mask], evaluation.predicted[mask]
            scored = scores(target, predicted)
            resampled = confusion_scores(confusion_resamples(target, predicted, k, units))[RANKED_BY]
            low, high = percentile_interval(resampled)
            where = {"model": evaluation.name, "by": name, "slice": words, "n_subjects": n_subjects}
            rows.append({**where, **scored, "low": float(low), "high": float(high)})
    return pd.DataFrame(rows, columns=list(SLICE_COLUMNS))


def under_served(slices: pd.DataFrame, model: str, accuracy: float) -> pd.DataFrame:
    """Slices of a model whose whole interval lies below its accuracy over all pictures, worst first."""
    frame = slices[(slices["model"] == model) & (slices["high"] < accuracy)]
    return frame.sort_values("accuracy", kind="stable")


def served_worse(slices: pd.DataFrame, model: str, accuracy: float) -> list[str]:
    """Parts of the pictures on which the model does worse than on the whole, as sentences."""
    worse = under_served(slices, model, accuracy)
    if not len(worse):
        return ["No part of the pictures whose interval lies below the accuracy of the whole."]
    return [
        f"{row.by}, {row.slice}: {percent(row.accuracy)} ({percent(row.low)} to {percent(row.high)}) of "
        f"{count(row.n)} pictures, against {percent(accuracy)} of all."
        for row in worse.itertuples()
    ]
