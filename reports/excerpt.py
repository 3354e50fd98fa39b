"""`Excerpt`: what a page shows of pictures, landmarks and measurements, small enough to keep in the run folder."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..data.images import UnreadableImage
from ..landmarks.layout import N_POINTS

TILE = 168  # pixels a side, as the page shows it
POINT_COLOR = (255, 209, 71)  # RGB, light on faces of any tone


@dataclass(frozen=True)
class Thumbnail:
    """The surroundings of one face: `picture` square uint8 of at most TILE px, `points` (68, 2) in its pixels."""

    picture: np.ndarray
    points: np.ndarray

    def to_dict(self) -> dict:
        """The picture as PNG bytes, the points in one row."""
        picture = self.picture if self.picture.ndim == 2 else self.picture[..., ::-1]
        return {"picture": cv2.imencode(".png", picture)[1].tobytes(), "points": self.points.ravel()}

    @classmethod
    def from_dict(cls, stored: dict) -> "Thumbnail":
        picture = cv2.imdecode(np.frombuffer(stored["picture"], dtype=np.uint8), cv2.IMREAD_UNCHANGED)
        points = np.asarray(stored["points"], dtype=np.float32).reshape(N_POINTS, 2)
        return cls(picture if picture.ndim == 2 else picture[..., ::-1], points)

    @property
    def has_points(self) -> bool:
        return bool(np.isfinite(self.points).all())

    def tile(self) -> np.ndarray:
        """The face with its landmarks drawn, (TILE, TILE, 3) uint8 RGB."""
        picture = self.picture if self.picture.ndim == 3 else np.repeat(self.picture[..., None], 3, axis=2)
        scale = TILE / len(picture)
        interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        tile = cv2.resize(picture, (TILE, TILE), interpolation=interpolation)
        # The picture's pixel centres map as (x + 0.5) * scale - 0.5.
        for x, y in (self.points[np.isfinite(self.points).all(axis=1)] + 0.5) * scale - 0.5:
            centre = int(round(x * 16)), int(round(y * 16))  # 4 fractional bits, for smooth dots
            cv2.circle(tile, centre, 26, (20, 20, 20), -1, cv2.LINE_AA, shift=4)
            cv2.circle(tile, centre, 20, POINT_COLOR, -1, cv2.LINE_AA, shift=4)
        return tile


@dataclass(frozen=True)
class Example:
    """One drawn picture: `tile` square uint8 RGB, its caption and a description in words."""

    tile: np.ndarray
    caption: str
    alt: str

    def jpeg(self) -> bytes:
        return cv2.imencode(".jpg", self.tile[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes()


@dataclass(frozen=True)
class Excerpt:
    """What a report needs of the large arrays of a run.

    Parameters
    ----------
    thumbnails : dict of row to Thumbnail
        Of the faces that the page shows; a row is missing where its picture is gone.
    conditions : dict of name to ndarray of shape (n,), float
        Numbers by which results are sliced, NaN where unknown.
    mean_face : ndarray of shape (68, 2) or None
        Of the found faces, in inter-ocular distances; None where none was found.
    between : ndarray of shape (d,)
        Share of each feature's variance that lies between the labels.
    """

    thumbnails: dict[int, Thumbnail]
    conditions: dict[str, np.ndarray]
    mean_face: np.ndarray | None
    between: np.ndarray

    def to_dict(self) -> dict:
        """What is neither a number a picture nor a thumbnail: those are tables of the run folder."""
        return {
            "between": self.between.tolist(),
            "mean_face": None if self.mean_face is None else self.mean_face.tolist(),
        }

    @classmethod
    def from_dict(cls, stored: dict, *, thumbnails: dict, conditions: dict) -> "Excerpt":
        mean_face = None if stored["mean_face"] is None else np.array(stored["mean_face"])
        return cls(thumbnails, conditions, mean_face, np.array(stored["between"], dtype=float))


def thumbnails(images, points: np.ndarray, boxes: np.ndarray, rows) -> dict[int, Thumbnail]:
    """Thumbnails of these rows; pictures that have gone since are left out."""
    kept = {}
    for row in rows:
        try:
            kept[int(row)] = thumbnail(images[row], points[row], boxes[row])
        except UnreadableImage:
            continue
    return kept


def thumbnail(image: np.ndarray, points: np.ndarray, box) -> Thumbnail:
    """The face of a picture as a square. Small pictures are kept whole; of larger ones the surroundings of the box."""
    (left, top), side = _square(image.shape, box)
    size = int(min(TILE, round(side)))
    scale = size / side
    # The picture's pixel centres map as (x - left + 0.5) * scale - 0.5.
    shift = (0.5 - np.array([left, top])) * scale - 0.5
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    if scale < 0.5:  # warpAffine does not average: remove detail finer than the new pixels
        image = cv2.GaussianBlur(image, (0, 0), 0.4 / scale)
    picture = cv2.warpAffine(image, matrix, (size, size), flags=interpolation, borderValue=(128, 128, 128))
    return Thumbnail(picture, (np.asarray(points, dtype=float) * scale + shift).astype(np.float32))


def _square(shape, box):
    """Corner and side in pixels of the square to show."""
    height, width = shape[:2]
    left, top, right, bottom = (float(edge) for edge in box)
    if max(height, width) <= TILE or right <= left or bottom <= top:
        side = float(max(height, width))
        return ((width - side) / 2, (height - side) / 2), side
    side = 1.5 * max(right - left, bottom - top)
    return ((left + right - side) / 2, (top + bottom - side) / 2), side
