"""68 points by an ensemble of regression trees: dlib's `shape_predictor`, several fits in one pass over the leaves.

A fit starts from the mean face in the box and adds one leaf of each of 7,500 small trees, 15 levels of 500; each level
reads its pixels relative to the points so far. The leaves are 65 MB and a fit reads 4 MB of them here and there, which
is what its time goes into: so they lie in one block, a level's leaves are chosen before the first is read, and fits of
the same face, which mostly choose the same leaves, share the reading.

The arithmetic is dlib's own, in its order and precision, so the points are dlib's before it rounds them.

References
----------
Kazemi and Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees", CVPR 2014.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.errors import LineamentError
from .layout import N_POINTS

N_VALUES = 2 * N_POINTS  # x and y of each point in turn
CACHE_LINE = 64  # bytes
AT_A_TIME = 128  # boxes: their points stay in the second-level cache
VERSION = 1
FLOAT_BYTES = 4  # at least, in the file
FARTHEST = 100.0  # box widths
PIXEL = 0xFFFF  # the bits of a pixel's number in a split


@dataclass(frozen=True)
class Trees:
    """L levels of T trees with S splits each, over P pixels a level.

    Parameters
    ----------
    start : ndarray of shape (136,), float32
        The mean face in the unit square.
    splits : ndarray of shape (L, T, S), int64
        Two pixels in the lowest and next 16 bits, and in the upper 32 what their difference must exceed to go left.
    leaves : ndarray of shape (L, T, S + 1, 136), float32
        What is added to the points.
    anchors : ndarray of shape (L, P), uint8
        The point that each pixel moves with.
    offsets : ndarray of shape (L, 2, P), float32
        The way from that point to the pixel, on the mean face.
    """

    start: np.ndarray
    splits: np.ndarray
    leaves: np.ndarray
    anchors: np.ndarray
    offsets: np.ndarray

    def fit(
        self, pictures: Sequence[np.ndarray], boxes: np.ndarray, *, of: Sequence[int] | None = None,
        flipped: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        """The points of each box, not rounded; a box gets the same ones alone and among others.

        Parameters
        ----------
        pictures : sequence of ndarray of shape (h, w), uint8
        boxes : ndarray of shape (n, 4)
            Left, top, right, bottom in pixels, also between them or outside the picture.
        of : n numbers of pictures
            In which one each box lies; default all in the first.
        flipped : ndarray of shape (n,), bool
            Which boxes lie in the mirror image of theirs, in the mirror image's pixels; default none.

        Returns
        -------
        ndarray of shape (n, 68, 2), float64
            In the pixels of the boxes.
        """
        from . import tree_fits  # compiling and its library wait until a face is fitted

        boxes = np.ascontiguousarray(boxes, dtype=np.float64)
        flipped = np.zeros(len(boxes), dtype=bool) if flipped is None else np.ascontiguousarray(flipped, dtype=bool)
        pixels = np.concatenate([gray.ravel() for gray in pictures]) if len(pictures) > 1 else pictures[0].ravel()
        ends = np.cumsum([gray.size for gray in pictures])
        frames = np.array([(end - gray.size, *gray.shape) for end, gray in zip(ends, pictures)], dtype=np.int64)
        frames = frames[np.zeros(len(boxes), dtype=int) if of is None else np.asarray(of, dtype=int)]
        model = self.start, self.splits, self.leaves, self.anchors, self.offsets
        parts = [slice(first, first + AT_A_TIME) for first in range(0, len(boxes), AT_A_TIME)]
        fits = [tree_fits.fit(pixels, boxes[part], frames[part], flipped[part], model) for part in parts]
        return np.concatenate([np.empty((0, N_VALUES)), *fits]).reshape(-1, N_POINTS, 2)


class OtherPoints(ValueError):
    """A model of another number of points; the number is its argument."""


def read_trees(path: Path) -> Trees:
    """The trees of a file that dlib's `shape_predictor` wrote.

    Raises
    ------
    LineamentError
        Where the file cannot be read, is no such file, is damaged, or has not 68 points.
    """
    try:
        return _trees(np.fromfile(path, dtype=np.uint8))
    except OSError as error:
        raise LineamentError(f"{path} cannot be read ({error.strerror}).") from error
    except OtherPoints as error:
        raise LineamentError(f"{path} gives {error} points; Lineament needs a {N_POINTS}-point model.") from error
    except ValueError as error:
        raise LineamentError(f"{path} is no dlib shape predictor ({error}).") from error


def _trees(data) -> Trees:
    """The file's parts in their order, as dlib serializes them; `at` is where the next one starts.

    An integer is a control byte (sign and number of bytes) and its bytes, low ones first; a float the two integers
    mantissa and exponent of 2; a matrix minus its rows, minus its columns and its values; a vector its length and its
    values.
    """
    from . import tree_fits

    version, at = tree_fits.integer(data, 0)
    if version != VERSION:
        raise ValueError(f"version {version} instead of {VERSION}")
    rows, _ = tree_fits.integer(data, at)
    if rows != -N_VALUES and -1000 < rows < 0 and rows % 2 == 0:
        raise OtherPoints(-rows // 2)
    start = np.empty(N_VALUES, dtype=np.float32)
    at = tree_fits.read_column(data, at, start)
    n_levels, n_trees, n_splits = _forests_shape(data, at)
    splits = np.empty((n_levels, n_trees, n_splits), dtype=np.int64)
    leaves = _aligned((n_levels, n_trees, n_splits + 1, N_VALUES))
    at = tree_fits.read_forests(data, at, splits, leaves)
    n_pixels, _ = tree_fits.integer(data, tree_fits.integer(data, at)[1])
    if not max((splits & PIXEL).max(), (splits >> 16 & PIXEL).max()) < n_pixels < len(data):
        raise ValueError("splits on pixels that it does not name")
    anchors = np.empty((n_levels, n_pixels), dtype=np.uint8)
    offsets = np.empty((n_levels, 2, n_pixels), dtype=np.float32)
    at = tree_fits.read_offsets(data, tree_fits.read_anchors(data, at, anchors), offsets)
    if at != len(data):
        raise ValueError("it goes on after its end")
    if not all(-FARTHEST < part.min() and part.max() < FARTHEST for part in (start, leaves, offsets)):
        raise ValueError("points far from the face")
    return Trees(start, splits, leaves, anchors, offsets)


def _forests_shape(data, at):
    """Levels, trees a level and splits a tree, as the first ones say."""
    from . import tree_fits

    n_levels, at = tree_fits.integer(data, at)
    n_trees, at = tree_fits.integer(data, at)
    n_splits, _ = tree_fits.integer(data, at)
    whole = n_levels > 0 and n_trees > 0 and 0 < n_splits <= PIXEL and (n_splits + 1) & n_splits == 0
    if not whole or n_levels * n_trees * (n_splits + 1) * N_VALUES * FLOAT_BYTES > len(data):
        raise ValueError("more trees than it has room for, or incomplete ones")
    return n_levels, n_trees, n_splits


def _aligned(shape) -> np.ndarray:
    """An empty float32 array that starts on a cache line, so that a leaf of 544 bytes touches nine of them, not ten."""
    n_bytes = int(np.prod(shape)) * np.dtype(np.float32).itemsize
    room = np.empty(n_bytes + CACHE_LINE, dtype=np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    return room[first : first + n_bytes].view(np.float32).reshape(shape)
