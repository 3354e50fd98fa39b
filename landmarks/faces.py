"""`Faces`: n pictures with the box, the 68 points and the quality of one face each; nothing of labels."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..data.dataset import image_digests
from ..data.images import ArrayImages
from .fitting import Face
from .layout import N_POINTS
from .quality import head_pose

PER_FACE = ("digests", "points", "boxes", "found", "score", "sharpness", "seconds")


@dataclass(frozen=True)
class Faces:
    """Faces of n pictures, row i of picture i; a picture whose face was not found keeps its row.

    Parameters
    ----------
    images : lazy sequence of n uint8 pictures, (H, W) or (H, W, 3) RGB
    points : ndarray of shape (n, 68, 2), float32
        Pixels, x right and y down; NaN where there are none.
    boxes : ndarray of shape (n, 4), int32
        Left, top, right, bottom in pixels.
    found : ndarray of shape (n,), bool
        The detector saw the face; elsewhere the fallback box was used.
    score : ndarray of shape (n,), float
        Of the detector; NaN where not found.
    problems : tuple of n str
        Why the picture could not be read; "" where it could, or where nobody looked.
    digests : ndarray of shape (n,), str
        Hash of each picture's content; "" where it cannot be read.
    sharpness : ndarray of shape (n,), float
        Variance of the Laplacian of the face, gray levels squared; NaN where unknown.
    seconds : ndarray of shape (n,), float
        That finding the face and its points took on one core; NaN where unknown.
    taken : mapping of name to ndarray of shape (n, …)
        What else was taken from the pictures while they were decoded, such as crops; see `look_at`.
    n_fresh : int
        How many pictures a face was looked for in; the rest came from the cache or with the data.
    """

    images: Sequence
    points: np.ndarray
    boxes: np.ndarray
    found: np.ndarray
    score: np.ndarray
    problems: tuple[str, ...] = ()
    digests: np.ndarray | None = None
    sharpness: np.ndarray | None = None
    seconds: np.ndarray | None = None
    taken: Mapping[object, np.ndarray] = field(default_factory=dict, repr=False)
    n_fresh: int = 0

    def __post_init__(self):
        n = len(self.points)
        if self.points.shape != (n, N_POINTS, 2):
            raise ValueError(f"points has shape {self.points.shape}, not (n, {N_POINTS}, 2)")
        defaults = {
            "problems": ("",) * n, "digests": np.full(n, "", dtype=str), "sharpness": np.full(n, np.nan),
            "seconds": np.full(n, np.nan),
        }  # fmt: skip
        for name, default in defaults.items():
            if getattr(self, name) is None or (name == "problems" and not self.problems):
                object.__setattr__(self, name, default)
        rows = {name: getattr(self, name) for name in ("images", "problems", *PER_FACE)} | dict(self.taken)
        for name, values in rows.items():
            if len(values) != n:
                raise ValueError(f"{name} has {len(values)} rows for {n} faces")

    def __len__(self):
        return len(self.points)

    @property
    def readable(self) -> np.ndarray:
        """Mask (n,): the picture could be decoded."""
        return np.array([not problem for problem in self.problems], dtype=bool)

    @property
    def size(self) -> np.ndarray:
        """Width of each box (n,) in px; NaN where there is none."""
        width = (self.boxes[:, 2] - self.boxes[:, 0]).astype(float)
        return np.where(width > 0, width, np.nan)

    @functools.cached_property
    def pose(self) -> np.ndarray:
        """Yaw, pitch and roll (n, 3) in degrees, from `landmarks.quality.head_pose`; computed when asked for."""
        return head_pose(self.points)

    @property
    def seconds_per_face(self) -> float | None:
        """Mean seconds on one core from a picture to its points; None where nobody measured them."""
        known = self.seconds[np.isfinite(self.seconds)]
        return float(known.mean()) if len(known) else None

    def take(self, rows) -> "Faces":
        """The faces of these rows (indices), in their order."""
        rows = np.asarray(rows)
        kept = {name: getattr(self, name)[rows] for name in PER_FACE}
        taken = {name: values[rows] for name, values in self.taken.items()}
        problems = tuple(self.problems[row] for row in rows)
        return replace(self, images=self.images.take(rows), problems=problems, taken=taken, **kept)

    def without_missed(self) -> "Faces":
        """The same rows, with NaN points where the detector saw no face."""
        return replace(self, points=np.where(self.found[:, None, None], self.points, np.float32(np.nan)))

    def without_taken(self) -> "Faces":
        """The same faces without what was taken from their pictures."""
        return replace(self, taken={})


def given_faces(images: Sequence, points: np.ndarray) -> Faces:
    """Faces whose points (n, 68, 2) came with the data; those without points count as not found."""
    points = np.asarray(points, dtype=np.float32)
    found = np.isfinite(points).all(axis=(1, 2))
    boxes = np.zeros((len(points), 4), dtype=np.int32)
    boxes[found] = np.concatenate([points[found].min(axis=1), points[found].max(axis=1)], axis=1).round()
    return Faces(
        images=images,
        digests=image_digests(images),
        points=np.where(found[:, None, None], points, np.float32(np.nan)),
        boxes=boxes,
        found=found,
        score=np.full(len(points), np.nan),
    )


def faces_of(image: np.ndarray, found: Sequence[Face]) -> Faces:
    """All faces of one picture, uint8 (H, W) or (H, W, 3) RGB, as n rows of it; their digests are not known."""
    return faces_in([(image, found)])


def faces_in(pictures: Sequence[tuple[np.ndarray, Sequence[Face]]]) -> Faces:
    """The same of several pictures, each with its faces: those of the first, then those of the next."""
    found = [face for _, faces in pictures for face in faces]
    n = len(found)
    return Faces(
        images=ArrayImages([image for image, faces in pictures for _ in faces]),
        points=np.array([face.points for face in found], dtype=np.float32).reshape(n, N_POINTS, 2),
        boxes=np.array([face.box for face in found]).reshape(n, 4).round().astype(np.int32),
        found=np.array([face.found for face in found], dtype=bool),
        score=np.array([face.score for face in found], dtype=float),
        sharpness=np.array([face.sharpness for face in found], dtype=float),
    )
