"""Faces to what models are given: measurements of points and of pixels, of the faces and of their mirror images."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.errors import LineamentError, check_choice
from ..data.parallel import Workers
from ..landmarks import Faces, look_at
from ..landmarks.layout import mirrored
from .crops import cropped
from .pixels import aligned_face, measurable, mirror_image
from .registry import DEFAULT_FAMILIES, FAMILIES
from .table import FeatureTable, Inputs
from .transformer import feature_table

log = logging.getLogger(__name__)
FACE, MIRROR = "face", "mirror"
CROP = "crop"


@dataclass(frozen=True)
class Measures:
    """What is measured of a face.

    Parameters
    ----------
    families : tuple of names in `FAMILIES`
    views : tuple of "face" and "mirror"
        The face as it is, and its mirror image.
    crop : int or None
        Side in px of the gray square that networks take; None for none.
    """

    families: tuple[str, ...] = DEFAULT_FAMILIES
    views: tuple[str, ...] = (FACE,)
    crop: int | None = None

    def __post_init__(self):
        for name in self.families:
            check_choice("feature family", name, FAMILIES)

    @property
    def of_pixels(self) -> tuple[str, ...]:
        """The families that look at the skin."""
        return tuple(name for name in self.families if FAMILIES[name].compute_pixels)

    @property
    def order(self) -> tuple[str, ...]:
        """The families as a table has them: those of points first, then those of pixels alone."""
        return tuple(sorted(self.families, key=lambda name: FAMILIES[name].needs_pixels))

    @property
    def columns(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of a table's columns (d,), and the family (d,) of each."""
        of = [(name, family) for family in self.order for name in FAMILIES[family].names]
        return tuple(name for name, _ in of), tuple(family for _, family in of)

    @property
    def takers(self) -> tuple["PixelTaker", ...]:
        """What `landmarks.look_at` is to take from the pictures; empty where points are enough."""
        return (PixelTaker(self.of_pixels, self.views, self.crop),) if self.of_pixels or self.crop else ()


@dataclass(frozen=True)
class PixelTaker:
    """What models look at pictures for, taken while those are decoded: see `landmarks.look.Taker`.

    Gives the families' columns under (family, view), and gray squares under "crop".
    """

    families: tuple[str, ...]
    views: tuple[str, ...]
    crop: int | None

    def __call__(self, pictures, points, boxes):
        taken = {}
        if self.crop:
            taken[CROP] = np.stack([cropped(picture, box, self.crop) for picture, box in zip(pictures, boxes)])
        rows = np.flatnonzero(measurable(points))
        upright = [aligned_face(pictures[row], points[row]) for row in rows]
        for view in self.views:
            faces = upright if view == FACE else [mirror_image(*face) for face in upright]
            for family in self.families:
                taken[family, view] = self._columns(FAMILIES[family], faces, rows, len(pictures))
        return taken

    @staticmethod
    def _columns(family, faces, rows, n):
        # What adds to measurements of points keeps their precision; thousands of columns need none.
        columns = np.full((n, len(family.names)), np.nan, dtype=np.float64 if family.compute else np.float32)
        if len(rows):
            columns[rows] = family.compute_pixels(*(np.stack(part) for part in zip(*faces)))
        return columns


def measure(faces: Faces, measures: Measures = Measures(), workers: Workers = Workers()) -> Inputs:
    """Measure every face.

    Parameters
    ----------
    faces : Faces
        Their pictures are looked at for what `measures` takes from them, unless that was done already: hand its
        `takers` to `landmarks.look_at`, and every picture is decoded once.
    measures : Measures
    workers : Workers

    Returns
    -------
    Inputs
        Tables in float32 where pixels alone take part, whose columns are thousands.

    Raises
    ------
    LineamentError
        If a picture that is needed cannot be read, such as where landmarks came without any.
    """
    for taker in measures.takers:
        wanted = [(family, view) for family in taker.families for view in taker.views]
        wanted += [CROP] if taker.crop else []
        if faces.readable.any() and any(name not in faces.taken for name in wanted):
            faces = look_at(faces.images, given=faces, takers=measures.takers, workers=workers)
    _check_pictures(faces, measures)
    views = tuple(_table(faces, measures, view) for view in measures.views) if measures.families else ()
    return Inputs(views, faces.taken[CROP] if measures.crop else None)


def face_table(faces: Faces, families: Sequence[str] = DEFAULT_FAMILIES, *, mirror: bool = False) -> FeatureTable:
    """The measurements of every face, or of its mirror image, as one table."""
    return measure(faces, Measures(tuple(families), (MIRROR if mirror else FACE,))).table


def _table(faces, measures, view) -> FeatureTable:
    of_points = [name for name in measures.order if not FAMILIES[name].needs_pixels]
    of_pixels = [name for name in measures.order if FAMILIES[name].needs_pixels]
    points = faces.points if view == FACE else mirrored(faces.points)
    tables = [feature_table(points, [name]) for name in of_points]
    for name, table in zip(of_points, tables):
        if FAMILIES[name].compute_pixels:
            table.X[:] += np.nan_to_num(_taken(faces, name, view))
            _tell_unseen(faces, name)
    precision = np.float32 if of_pixels else np.float64
    blocks = [table.X.astype(precision, copy=False) for table in tables]
    blocks += [_taken(faces, name, view) for name in of_pixels]
    return FeatureTable(np.concatenate(blocks, axis=1), *measures.columns)


def _taken(faces, name, view):
    """Columns of pixels; NaN throughout where no picture could be read."""
    blank = np.full((len(faces), len(FAMILIES[name].names)), np.nan, dtype=np.float32)
    return faces.taken.get((name, view), blank)


def _check_pictures(faces, measures):
    required = [name for name in measures.families if FAMILIES[name].needs_pixels]
    unseen = ~faces.readable
    if required and (unseen & measurable(faces.points)).any():
        raise LineamentError(
            f"The families {', '.join(required)} need pictures, and {_reason(faces, unseen)}. "
            "Leave them out of --features."
        )
    if measures.crop and unseen.any():
        raise LineamentError(f"A network needs pictures, and {_reason(faces, unseen)}. Leave it out of --classifiers.")


def _reason(faces, unseen):
    return f"{unseen.sum():,} of {len(faces):,} faces have none ({faces.problems[np.flatnonzero(unseen)[0]]})"


def _tell_unseen(faces, name):
    unseen = ~faces.readable & measurable(faces.points)
    if unseen.any():
        log.info("%d faces have no picture: their %s rest on points alone.", unseen.sum(), name)
