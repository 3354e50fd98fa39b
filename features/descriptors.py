"""Families that look at the skin: the face in one frame, gradients on it and around its points, textures, furrows.

Each picture is turned, scaled and moved so that its points fall on those of
the mean face; what is computed there has no parameter to learn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from joblib import Parallel, delayed
from skimage.feature import local_binary_pattern

from ..data.dataset import Dataset
from ..data.errors import LineamentError
from ..data.images import UnreadableImage
from . import furrows as skin
from .measure import Feature
from .shape import TEMPLATE, aligned
from ..landmarks.layout import mirrored

SIDE = 96  # px of the aligned face
IOD = 42.0  # px between its outer eye corners
EYES_AT = np.array([(SIDE - 1) / 2, 32.0])  # px, the middle between the eyes
BATCH = 512

GRID = {"block": 32, "stride": 16, "cell": 16, "bins": 9}
_FEW = (19, 24, 27, 30, 37, 44, 48, 51, 54, 57, 4, 12)
_MANY = (
    17, 19, 21, 22, 24, 26, 36, 37, 39, 41, 42, 43, 45, 46, 27, 30, 31, 33, 35, 48, 50, 51, 52, 54, 56, 57, 58, 62,
)  # fmt: skip
PATCHES = {24: _MANY, 32: _MANY, 48: _FEW}  # px around these points, in 4x4 cells of 8 orientations
WIDEST = max(PATCHES)
LBP_CELL = 12  # px
LBP_RADIUS = 2
LBP_CODES = 59  # of 8 neighbours: 58 uniform patterns, and all others
BINARY_SIDE = 24


@dataclass(frozen=True)
class PixelFamily:
    """Descriptors of n aligned faces: `compute(faces, points)` takes (n, 96, 96) uint8 and (n, 68, 2) px to (n, d).

    `features` are those that can be told one by one; `note` is a paragraph for the page of features.
    """

    names: tuple[str, ...]
    compute: Callable[[np.ndarray, np.ndarray], np.ndarray]
    about: str
    features: tuple[Feature, ...] = ()
    note: str = ""


def each(compute: Callable[[np.ndarray, np.ndarray], np.ndarray]):
    """A descriptor of one face, (96, 96) and (68, 2) to (d,), as one of n."""

    def compute_all(faces, points):
        return np.stack([compute(*face) for face in zip(faces, points)])

    return compute_all


def _hog_names():
    grid = [f"hoggrid_{number}" for number in range(_grid_hog().getDescriptorSize())]
    patches = [
        f"hog{side}_p{point}_{number}" for side, points in PATCHES.items() for point in points for number in range(128)
    ]
    return (*grid, *patches)


def _grid_hog():
    return cv2.HOGDescriptor(
        (SIDE, SIDE), (GRID["block"],) * 2, (GRID["stride"],) * 2, (GRID["cell"],) * 2, GRID["bins"]
    )


def _patch_hog(side):
    return cv2.HOGDescriptor((side, side), (side, side), (side // 4,) * 2, (side // 4,) * 2, 8)


def hog(face: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients on a grid over the face, and in patches of three sizes around its points.

    Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005.
    """
    wide = cv2.copyMakeBorder(face, *[WIDEST] * 4, cv2.BORDER_REPLICATE)
    parts = [_grid_hog().compute(face).ravel()]
    for side, chosen in PATCHES.items():
        descriptor = _patch_hog(side)
        corners = np.round(points[list(chosen)] + WIDEST - side / 2 + 0.5).astype(int)
        for x, y in np.clip(corners, 0, SIDE + 2 * WIDEST - side):
            parts.append(descriptor.compute(np.ascontiguousarray(wide[y : y + side, x : x + side])).ravel())
    return np.concatenate(parts)


def lbp(face: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Square roots of the shares of local binary patterns in each cell of 12 px.

    Ojala, Pietikäinen and Mäenpää, "Multiresolution Gray-Scale and Rotation Invariant Texture Classification with
    Local Binary Patterns", PAMI 2002; on faces Ahonen et al. 2006.
    """
    smooth = cv2.GaussianBlur(face, (0, 0), 1.0)  # faces come enlarged from 48 px: finer grain is interpolation
    codes = local_binary_pattern(smooth, 8, LBP_RADIUS, "nri_uniform").astype(np.int64)
    per_side = SIDE // LBP_CELL
    row, column = np.mgrid[:SIDE, :SIDE] // LBP_CELL
    counts = np.bincount(
        ((row * per_side + column) * LBP_CODES + codes).ravel(), minlength=per_side**2 * LBP_CODES
    )
    return np.sqrt(counts / LBP_CELL**2)


def binary(face: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The face in black and white at Otsu's threshold, as the share of white in 24x24 fields."""
    _, white = cv2.threshold(face, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return cv2.resize(white.astype(np.float32), (BINARY_SIDE, BINARY_SIDE), interpolation=cv2.INTER_AREA).ravel()


PIXEL_FAMILIES = {
    "hog": PixelFamily(
        _hog_names(), each(hog), "gradient histograms on the aligned face and around its points (9,604 columns)"
    ),
    "lbp": PixelFamily(
        tuple(f"lbp_{number}" for number in range((SIDE // LBP_CELL) ** 2 * LBP_CODES)),
        each(lbp),
        "local binary patterns on the aligned face (3,776 columns)",
    ),
    "binary": PixelFamily(
        tuple(f"binary_{number}" for number in range(BINARY_SIDE**2)),
        each(binary),
        "the aligned face in black and white, 24x24",
    ),
    "furrows": PixelFamily(
        tuple(feature.name for feature in skin.FURROWS), skin.furrows, skin.ABOUT, skin.FURROWS, skin.NOTE
    ),
}


def pixel_table(
    dataset: Dataset,
    points: np.ndarray,
    families: Sequence[str],
    *,
    mirror: bool = False,
    required: Sequence[str] | None = None,
    n_jobs: int = 1,
) -> np.ndarray:
    """Descriptors of every face.

    Parameters
    ----------
    dataset : Dataset of n pictures
    points : ndarray of shape (n, 68, 2), px; rows may be NaN
    families : names in `PIXEL_FAMILIES`
    mirror : of the faces' mirror images
    required : those of the families that cannot do without a picture, None for all; without any, its row is NaN
    n_jobs : processes; changes no result

    Returns
    -------
    ndarray of shape (n, d), float32
        NaN where the points are.

    Raises
    ------
    LineamentError
        If a required picture cannot be read, such as where landmarks came without any.
    """
    required = tuple(families if required is None else required)
    batches = [np.arange(start, min(start + BATCH, len(points))) for start in range(0, len(points), BATCH)]
    parts = Parallel(n_jobs=n_jobs)(
        delayed(_batch)(dataset.images.take(rows), points[rows], tuple(families), required, mirror, dataset.name)
        for rows in batches
    )
    width = sum(len(PIXEL_FAMILIES[family].names) for family in families)
    return np.concatenate(parts) if parts else np.empty((0, width), dtype=np.float32)


def _batch(images, points, families, required, mirror, name):
    cv2.setNumThreads(1)  # one process a core already
    width = sum(len(PIXEL_FAMILIES[family].names) for family in families)
    table = np.full((len(points), width), np.nan, dtype=np.float32)
    aligned_faces = {}
    for row in np.flatnonzero(_measurable(points)):
        try:
            aligned_faces[row] = aligned_face(images[row], points[row], mirror=mirror)
        except UnreadableImage as reason:
            if required:
                raise LineamentError(
                    f"The families {', '.join(required)} need pictures, and '{name}' has none for all of its faces "
                    f"({reason}). Leave them out of --features."
                ) from reason
    if aligned_faces:
        faces, places = (np.stack(part) for part in zip(*aligned_faces.values()))
        parts = [PIXEL_FAMILIES[family].compute(faces, places) for family in families]
        table[list(aligned_faces)] = np.concatenate(parts, axis=1)
    return table


def _measurable(points):
    """Faces (n,) that can be laid on the mean face: all points known, and the ears apart."""
    return np.isfinite(points).all(axis=(1, 2)) & (points[:, 0] != points[:, 16]).any(axis=1)


def aligned_face(image: np.ndarray, points: np.ndarray, *, mirror: bool = False):
    """The face in the common frame (96, 96) uint8, and its points there (68, 2) px; of its mirror image on request."""
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    points = np.asarray(points, dtype=np.float64)
    places = aligned(points[None], TEMPLATE)[0] * IOD + EYES_AT
    transform, scale = _similarity(points, places)
    if scale < 1:  # remove detail finer than the new pixels, or it aliases
        gray = cv2.GaussianBlur(gray, (0, 0), 0.4 / scale)
    face = cv2.warpAffine(gray, transform, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    if mirror:
        return np.ascontiguousarray(face[:, ::-1]), mirrored(places, SIDE - 1)
    return face, places


def _similarity(points, places):
    """The 2x3 map from points to their aligned places, and its scale: two of them far apart determine it."""
    z, w = points[:, 0] + 1j * points[:, 1], places[:, 0] + 1j * places[:, 1]
    factor = (w[16] - w[0]) / (z[16] - z[0])
    shift = w[0] - factor * z[0]
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]), abs(factor)
