"""Example faces for the page: which pictures, and how they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from data.images import UnreadableImage
from features.geometry import normalised
from reports.run import Run

TILE = 168  # pixels a side
N_FOUND, N_MISSED = 12, 4
POINT_COLOR = (255, 209, 71)  # RGB, light on faces of any tone


@dataclass(frozen=True)
class Example:
    """One drawn picture: `tile` (TILE, TILE, 3) uint8 RGB, its caption and a description in words."""

    tile: np.ndarray
    caption: str
    alt: str
    found: bool

    def jpeg(self) -> bytes:
        return cv2.imencode(".jpg", self.tile[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 84])[1].tobytes()


def example_faces(run: Run) -> list[Example]:
    """Found faces of every label in turn, from sure to unsure, then faces that were not found."""
    found, readable = run.landmarks.found, run.landmarks.readable
    rows = [*spread_over_labels(run, found & readable, N_FOUND), *spread_over_labels(run, ~found & readable, N_MISSED)]
    examples = []
    for row in rows:
        try:
            examples.append(_example(run, row))
        except UnreadableImage:  # a file that has gone since the landmarks were found
            continue
    return examples


def spread_over_labels(run: Run, mask: np.ndarray, most: int) -> list[int]:
    """At most `most` rows of `mask`: the labels in turn, evenly over each label's order by score."""
    queues = []
    each = -(-most // max(1, len(np.unique(run.dataset.target[mask]))))
    for label in range(len(run.dataset.label_names)):
        rows = np.flatnonzero(mask & (run.dataset.target == label))
        rows = rows[np.argsort(-np.nan_to_num(run.landmarks.score[rows]), kind="stable")]
        # The ends of the order are odd pictures: take the inner points of an even grid.
        places = np.linspace(0, len(rows), min(each, len(rows)) + 2)[1:-1].astype(int)
        queues.append(rows[np.unique(places)].tolist() if len(rows) else [])
    turns = [queue[turn] for turn in range(most) for queue in queues if turn < len(queue)]
    return turns[:most]


def _example(run: Run, row: int) -> Example:
    label, found = run.dataset.label_names[run.dataset.target[row]], bool(run.landmarks.found[row])
    tile = drawn_face(run.dataset.images[row], run.landmarks.points[row], run.landmarks.boxes[row])
    drawn = "its 68 landmarks drawn" if np.isfinite(run.landmarks.points[row]).all() else "no landmarks"
    alt = f"Face labelled {label}, {'found' if found else 'not found'}, {drawn}."
    return Example(tile, label if found else f"{label}, not found", alt, found)


def drawn_face(image: np.ndarray, points: np.ndarray, box: Sequence[int]) -> np.ndarray:
    """The face of a picture as a square tile with its landmarks on it, (TILE, TILE, 3) uint8.

    Small pictures are shown whole; of larger ones the surroundings of the box.
    """
    image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    (left, top), side = _square(image.shape, box)
    corner = np.array([left, top], dtype=float)
    scale = TILE / side
    # The picture's pixel centres map as (x - left + 0.5) * scale - 0.5.
    shift = (0.5 - corner) * scale - 0.5
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    tile = cv2.warpAffine(image, matrix, (TILE, TILE), flags=interpolation, borderValue=(128, 128, 128))
    for x, y in points[np.isfinite(points).all(axis=1)] * scale + shift:
        centre = int(round(x * 16)), int(round(y * 16))  # 4 fractional bits, for smooth dots
        cv2.circle(tile, centre, 26, (20, 20, 20), -1, cv2.LINE_AA, shift=4)
        cv2.circle(tile, centre, 20, POINT_COLOR, -1, cv2.LINE_AA, shift=4)
    return tile


def _square(shape, box):
    """Corner and side in pixels of the square to show."""
    height, width = shape[:2]
    left, top, right, bottom = (float(edge) for edge in box)
    if max(height, width) <= TILE or right <= left or bottom <= top:
        side = float(max(height, width))
        return ((width - side) / 2, (height - side) / 2), side
    side = 1.5 * max(right - left, bottom - top)
    return ((left + right - side) / 2, (top + bottom - side) / 2), side


def mean_face(run: Run) -> np.ndarray | None:
    """Mean landmarks (68, 2) of the found faces, in inter-ocular distances; None where none was found."""
    points = normalised(run.landmarks.points[run.landmarks.found])
    points = points[np.isfinite(points).all(axis=(1, 2))]
    return points.mean(axis=0) if len(points) else None
