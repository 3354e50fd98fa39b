"""The same scores on parts of the pictures: found or not, large or small, sharp or not, turned or straight."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass

import cv2
import numpy as np
import pandas as pd

from data.images import UnreadableImage
from landmarks.layout import LEFT_EYE, RIGHT_EYE
from reports.metrics import RANKED_BY, main_part, scored_parts, scores
from reports.run import Run
from reports.statistics import confusion_scores, percentile_interval
from reports.uncertainty import confusion_resamples, units_of

NOSE_TIP, CHIN_SIDES = 30, (0, 16)
SHARPNESS_SIDE = 48  # px that every face is brought to, so that sharpness does not follow its size
UNITS = {
    "face size": "px", "head turned": "", "head tilted": "°", "sharpness": "", "detector score": "",
}  # fmt: skip
SLICE_COLUMNS = ("model", "by", "slice", "n", "n_subjects", "accuracy", "recall_macro", "f1_macro", "low", "high")


def conditions_of(run: Run) -> dict[str, np.ndarray]:
    """Numbers (n,) by which pictures are told apart, NaN where unknown.

    What the landmark set itself says of quality (`quality`, by name) comes
    before what is measured here.
    """
    landmarks = run.landmarks
    known = {name: np.asarray(values, dtype=float) for name, values in _quality(landmarks).items()}
    boxes = landmarks.boxes.astype(float)
    size = np.sqrt(np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0))
    measured = {"face size": np.where(size > 0, size, np.nan), "detector score": landmarks.score.astype(float)}
    if not {"yaw", "roll", "pose"} & known.keys():
        measured |= head_pose(np.where(landmarks.found[:, None, None], landmarks.points, np.nan))
    if "sharpness" not in known:
        measured["sharpness"] = sharpness(run.dataset.images, landmarks.boxes)
    return {name: values for name, values in (known | measured).items() if np.isfinite(values).any()}


def _quality(landmarks) -> Mapping[str, np.ndarray]:
    quality = getattr(landmarks, "quality", None)
    if quality is None:
        return {}
    fields = asdict(quality) if is_dataclass(quality) else dict(quality)
    return {str(name).replace("_", " "): values for name, values in fields.items() if np.ndim(values) == 1}


def head_pose(points: np.ndarray) -> dict[str, np.ndarray]:
    """How far heads are turned and tilted, from landmarks (n, 68, 2) alone: two unsigned numbers (n,).

    "head turned" is the distance of the nose tip from the middle between the
    jaw's ends, as a share of half their distance: 0 seen from the front, 1 in
    profile. "head tilted" is the angle of the line through the eyes, degrees.
    """
    points = np.asarray(points, dtype=float)
    right_end, left_end = points[:, CHIN_SIDES[0]], points[:, CHIN_SIDES[1]]
    axis = left_end - right_end
    length = np.maximum(np.linalg.norm(axis, axis=1), 1e-9)
    along = ((points[:, NOSE_TIP] - right_end) * axis).sum(axis=1) / length**2  # 0 … 1 from end to end
    eyes = points[:, LEFT_EYE].mean(axis=1) - points[:, RIGHT_EYE].mean(axis=1)
    turned = np.minimum(np.abs(2 * along - 1), 1.0)
    return {"head turned": turned, "head tilted": np.abs(np.degrees(np.arctan2(eyes[:, 1], eyes[:, 0])))}


def sharpness(images, boxes: np.ndarray) -> np.ndarray:
    """Standard deviation (n,) of the Laplacian of each face at one size; NaN where the picture is gone.

    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    """
    values = np.full(len(images), np.nan)
    for row in range(len(images)):
        try:
            image = images[row]
        except UnreadableImage:
            continue
        values[row] = _face_sharpness(image, boxes[row])
    return values


def _face_sharpness(image, box):
    left, top, right, bottom = np.clip(box, 0, (image.shape[1], image.shape[0]) * 2)
    face = image[top:bottom, left:right] if right - left > 8 and bottom - top > 8 else image
    gray = face if face.ndim == 2 else cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    if gray.shape != (SHARPNESS_SIDE, SHARPNESS_SIDE):
        gray = cv2.resize(gray, (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(gray, cv2.CV_64F).std())


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
            found = scores(target, predicted)
            resampled = confusion_scores(confusion_resamples(target, predicted, k, units))[RANKED_BY]
            low, high = percentile_interval(resampled)
            where = {"model": evaluation.name, "by": name, "slice": words, "n_subjects": n_subjects}
            rows.append({**where, **found, "low": float(low), "high": float(high)})
    return pd.DataFrame(rows, columns=list(SLICE_COLUMNS))


def under_served(slices: pd.DataFrame, model: str, accuracy: float) -> pd.DataFrame:
    """Slices of a model whose whole interval lies below its accuracy over all pictures, worst first."""
    frame = slices[(slices["model"] == model) & (slices["high"] < accuracy)]
    return frame.sort_values("accuracy", kind="stable")
