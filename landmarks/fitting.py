"""Boxes to 68 points: rounds of fits that hang on the face and not on the steps of a detector's window.

Boxes are (left, top, right, bottom) and points (x right, y down), in pixels.
"""

import functools
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.errors import LineamentError
from .layout import N_POINTS, mirrored
from .trees import Trees, read_trees
from .view import View, calibrated

# The points are averaged over boxes moved a little, and fitted again in the box that they imply: so they hang on the
# face and not on the steps of the detector's window (4 % of its width: 3.5 % of the inter-ocular distance after a plain
# fit), and a followed face gets the points of a detected one. Half of the last round looks at the mirror image, whose
# errors are others. On FER2013 an SVM's macro F1 rises from .467 after one fit to .53 after such ten
# (benchmarks/README.md).
ROUNDS = (1, 1, 8)  # fits in each round; of the last, the second half in the mirror image
JITTER = np.vstack([np.zeros(3), np.random.default_rng(5).uniform(-0.05, 0.05, (max(ROUNDS) - 1, 3))])
# Width of dlib's box in root mean square distances of the 68 points from their mean, and the offset of its centre.
POINTS_TO_DLIB = (2.697, 0.0285, -0.145)


@dataclass(frozen=True)
class Face:
    """`box` (4,) float px, `points` (68, 2) float32 px, `score` of the detector, `found` or fallback, `sharpness`."""

    box: np.ndarray
    points: np.ndarray
    score: float
    found: bool
    sharpness: float = np.nan


@dataclass(frozen=True)
class DetectorSpec:
    """`locate(view)` returns a list of (box (4,), score) in pixels of the view, best first; `rounds` of fits follow."""

    locate: Callable[[View], list[tuple[np.ndarray, float]]]
    about: str
    rounds: tuple[int, ...] = ROUNDS


def box_of_points(points: np.ndarray) -> np.ndarray:
    """dlib's box (…, 4) around 68 points (…, 68, 2)."""
    centre = points.mean(axis=-2)
    spread = np.sqrt(((points - centre[..., None, :]) ** 2).sum(axis=-1).mean(axis=-1))[..., None]
    size, *offset = POINTS_TO_DLIB
    middle = centre + np.array(offset) * spread
    return np.concatenate([middle - size * spread / 2, middle + size * spread / 2], axis=-1)


def settled_box(image, box):
    """The box that the points in this box imply, twice."""
    for _ in range(2):
        box = box_of_points(trees_of(None).fit([image], box[None])[0])
    return box


def steady_points(
    pictures: Sequence[np.ndarray], of: Sequence[int], boxes: np.ndarray, trees: Trees, rounds: Sequence[int] = ROUNDS
) -> np.ndarray:
    """Points (n, 68, 2) by rounds of fits in n boxes of gray pictures, number `of` saying in which one."""
    *first, last = rounds
    for n_fits in first:
        boxes = box_of_points(mean_fits(pictures, of, boxes, n_fits, trees, both_ways=False))
    return mean_fits(pictures, of, boxes, last, trees)


def mean_fits(pictures, of, boxes, n_fits, trees, *, both_ways=True) -> np.ndarray:
    """The mean of n fits in each box, moved a little; both ways, the second half of them in the mirror image."""
    n_upright = (n_fits + 1) // 2 if both_ways else n_fits
    flipped = np.arange(n_fits) >= n_upright
    edge = np.array([pictures[number].shape[1] - 1 for number in of])[:, None]
    mirror_boxes = np.c_[edge - boxes[:, 2:3], boxes[:, 1:2], edge - boxes[:, :1], boxes[:, 3:]]
    x, y, size = JITTER[:n_fits].T
    around = calibrated(np.where(flipped[:, None], mirror_boxes[:, None], boxes[:, None]), 1 + size, x, y)
    points = trees.fit(
        pictures, around.reshape(-1, 4), of=np.repeat(of, n_fits), flipped=np.tile(flipped, len(boxes))
    ).reshape(len(boxes), n_fits, N_POINTS, 2)
    points[:, flipped] = mirrored(points[:, flipped], edge[:, None])
    return points.mean(axis=1)


@functools.cache
def trees_of(path: Path | None) -> Trees:
    return read_trees(path or default_landmark_model())


def default_landmark_model() -> Path:
    """Path of the installed 68-point model (trained on iBUG 300-W: no commercial use)."""
    return installed_model("shape_predictor_68_face_landmarks.dat")


def installed_model(name) -> Path:
    """The package is located, not imported: importing it needs setuptools' removed `pkg_resources`."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise LineamentError(
            "The 68-point landmark model is missing. Run: pip install face_recognition_models, "
            "or give another one with --landmark-model FILE."
        )
    return Path(spec.origin).parent / "models" / name
