"""Furrows: how deep the dark lines are that expressions fold into the skin, region by region.

Landmarks do not see skin. Frowning folds it upright between the brows, smiling folds it from nose to mouth and beside
the eyes: transient furrows, which coders of FACS go by as much as by movement. What is measured is how much darker a
place is than what lies beside it *across* the furrow's way, so shading and brightness cancel, and the contrast of the
picture is divided out. Lasting wrinkles, beards, glasses and hard shadows count as furrows too.

Ekman and Friesen, "Facial Action Coding System", 1978, and Tian, Kanade and Cohn, "Recognizing Action Units for Facial
Expression Analysis", PAMI 23 (2001): which regions furrow, and which way. Lindeberg, "Edge Detection and Ridge
Detection with Automatic Scale Selection", IJCV 30 (1998): dark lines as second differences across them.
"""

from dataclasses import dataclass, field

import numpy as np

from ..landmarks.layout import LEFT_EYE, MIRROR, N_POINTS, RIGHT_EYE
from .measure import Family, Feature

REACH = 0.036  # IOD to both sides: 1.5 px of the aligned face, half the width of a furrow and its banks
PER_SIDE = 8  # places a region is sampled at, along and across
FACE = (17, 26, 4, 12)  # brow ends and jaw: between them the face's own contrast is taken
FAINTEST = 1.0  # gray levels; a picture of less contrast than that has none

Corner = tuple[int, float, float]  # a point, and how far out from the midline and down from it, in IOD


@dataclass(frozen=True)
class Region:
    """A four-sided piece of skin between landmarks, of the subject's right side or across the midline.

    `corners` are inner and outer top, inner and outer bottom; across the
    midline only the right ones, as top and bottom. `upright`: furrows run from
    top to bottom, else from side to side. `typical` is the median over
    FER2013's training pictures.
    """

    name: str
    about: str
    corners: tuple[Corner, ...]
    upright: bool
    typical: float

    @property
    def paired(self) -> bool:
        return len(self.corners) == 4


REGIONS = (
    Region("forehead", "above the inner brows", ((20, 0, -0.34), (20, 0, -0.10)), False, 0.026),
    Region(
        "forehead_side", "above the outer brow",
        ((19, 0, -0.32), (17, 0, -0.25), (19, 0, -0.10), (17, 0, -0.08)), False, 0.036,
    ),
    Region("glabella", "between the brows", ((21, -0.04, -0.12), (27, 0.06, 0)), True, 0.023),
    Region(
        "eye_corner", "beside the outer eye corner (crow's feet)",
        ((36, 0.04, -0.05), (36, 0.21, -0.07), (36, 0.04, 0.06), (36, 0.21, 0.20)), False, 0.092,
    ),
    Region(
        "lower_lid", "below the eye",
        ((39, 0.03, 0.08), (36, -0.03, 0.08), (39, 0.03, 0.22), (36, -0.03, 0.22)), False, 0.065,
    ),
    Region("nose_root", "across the root of the nose", ((27, 0.07, 0), (29, 0.09, -0.05)), False, 0.033),
    Region(
        "nasolabial", "from the nose wing to the mouth's corner",
        ((31, 0.04, -0.06), (31, 0.20, -0.10), (48, 0.03, -0.05), (48, 0.20, 0)), True, 0.072,
    ),
    Region("upper_lip", "between nose and upper lip", ((33, 0.10, 0.04), (50, 0.02, -0.03)), True, 0.055),
    Region(
        "mouth_corner", "beside the mouth's corner (dimple)",
        ((48, 0.04, -0.08), (48, 0.20, -0.08), (48, 0.04, 0.06), (48, 0.20, 0.06)), True, 0.048,
    ),
    Region(
        "below_mouth_corner", "from the mouth's corner down",
        ((48, 0, 0.04), (48, 0.16, 0.04), (48, 0, 0.24), (48, 0.14, 0.24)), True, 0.060,
    ),
    Region("chin", "between lower lip and chin", ((57, 0.16, 0.04), (8, 0.16, -0.10)), False, 0.029),
)  # fmt: skip
ABOUT = "how deep skin is furrowed, region by region: needs pictures"
NOTE = """\
A region is a four-sided piece of skin, placed by landmarks and drawn below. On 8x8 places of the aligned gray face
(96x96, 42 px between the outer eye corners) the gray g is compared with that 0.036 IOD to both sides *across* the way
in which furrows run there: the mean over the region of max(0, (g- + g+)/2 - g), over the standard deviation of gray
between brows and jaw. 0 is smooth skin. Lasting wrinkles, beards, glasses and hard shadows count as well. Which regions
furrow and which way: Ekman and Friesen 1978; Tian, Kanade and Cohn, PAMI 23 (2001); dark lines as second differences:
Lindeberg, IJCV 30 (1998).
"""


@dataclass(frozen=True)
class FurrowFeature(Feature):
    """A furrow measure; drawn as the outline of its region."""

    outline: np.ndarray = field(compare=False, repr=False)  # (68, 5) complex: the region's corners from the points

    def draw(self, points: np.ndarray) -> list[np.ndarray]:
        corners = _complex(points) @ self.outline
        return [np.stack([corners.real, corners.imag], axis=-1)]


def _complex(points):
    """Points (…, 2) as numbers x + iy: what moves, turns and scales with the face is then linear in them."""
    return points[..., 0] + 1j * points[..., 1]


def _corner(point, out, down):
    """What each point (68,) adds to a corner; turning by a quarter, from the eye axis to its normal, is times i."""
    weights = np.zeros(N_POINTS, dtype=complex)
    weights[LEFT_EYE[3]] = -out + 1j * down  # out of the subject's right is against the eye axis
    weights[RIGHT_EYE[0]] = out - 1j * down
    weights[point] += 1
    return weights


def _mirrored(corner):
    point, out, down = corner
    return int(MIRROR[point]), -out, down


def _quads():
    """Of every column its name, its region and what the points add to its four corners (68, 4)."""
    for region in REGIONS:
        if not region.paired:
            top, bottom = region.corners
            yield region.name, region, (top, _mirrored(top), bottom, _mirrored(bottom))
        else:
            yield f"right_{region.name}", region, region.corners
            yield f"left_{region.name}", region, tuple(_mirrored(corner) for corner in region.corners)


_QUADS = [(name, region, np.stack([_corner(*corner) for corner in quad], axis=1)) for name, region, quad in _quads()]


def _grid():
    """Shares of the four corners in each place of a region (4, k), and in the ways to the outer and the lower edge."""
    steps = (np.arange(PER_SIDE) + 0.5) / PER_SIDE
    out, down = (axis.ravel() for axis in np.meshgrid(steps, steps))
    places = np.stack([(1 - out) * (1 - down), out * (1 - down), (1 - out) * down, out * down])
    return places, np.stack([down - 1, 1 - down, -down, down]), np.stack([out - 1, -out, 1 - out, out])


_PLACES, _OUT, _DOWN = _grid()
_SAMPLED = np.concatenate([quad @ _PLACES for _, _, quad in _QUADS], axis=1)  # (68, regions * k), as all of these
_ALONG = np.concatenate([quad @ (_DOWN if region.upright else _OUT) for _, region, quad in _QUADS], axis=1)
_WHOLE = np.stack([_corner(point, 0, 0) for point in FACE], axis=1) @ _PLACES


def furrows(faces: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How deep each region is furrowed, in standard deviations of the face's gray; 0 on smooth skin.

    Parameters
    ----------
    faces : ndarray of shape (n, h, w), uint8
        Aligned gray faces: the eye axis is about 42 px long, so that furrows of all faces are as wide.
    points : ndarray of shape (n, 68, 2), px
        Finite.

    Returns
    -------
    ndarray of shape (n, d), float64
        The columns of `FURROWS`.
    """
    z = _complex(points)
    places, along = z @ _SAMPLED, z @ _ALONG
    iod = np.abs(z[:, LEFT_EYE[3]] - z[:, RIGHT_EYE[0]])[:, None]
    across = 1j * along / np.maximum(np.abs(along), np.finfo(float).tiny) * iod * REACH
    depth = (sampled(faces, places - across) + sampled(faces, places + across)) / 2 - sampled(faces, places)
    depth = np.maximum(depth, 0).reshape(len(faces), len(_QUADS), -1).mean(axis=2)
    contrast = sampled(faces, z @ _WHOLE).std(axis=1, keepdims=True)
    return depth / np.maximum(contrast, FAINTEST)


def sampled(faces: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Gray (n, k) of faces (n, h, w) between pixels, bilinearly; beyond the edge it is the edge's."""
    n, height, width = faces.shape
    x, y = np.clip(places.real, 0, width - 1), np.clip(places.imag, 0, height - 1)
    left, top = np.minimum(x.astype(np.int64), width - 2), np.minimum(y.astype(np.int64), height - 2)
    x, y = x - left, y - top
    first = (np.arange(n)[:, None] * height + top) * width + left
    flat = faces.reshape(-1)
    upper = flat[first] * (1 - x) + flat[first + 1] * x
    lower = flat[first + width] * (1 - x) + flat[first + width + 1] * x
    return upper * (1 - y) + lower * y


def columns_of(region: str) -> list[int]:
    """Columns of a region: right and left, or one across the midline."""
    return [column for column, (_, known, _) in enumerate(_QUADS) if known.name == region]


def _feature(name, region, quad):
    way = "upright" if region.upright else "level"
    formula = f"depth of {way} furrows {region.about}, over the face's contrast"
    outline = quad[:, [0, 1, 3, 2, 0]]
    strokes = (tuple((point,) for point, _, _ in region.corners),)
    return FurrowFeature(f"furrows_{name}", formula, "1", strokes, outline)


FURROWS = tuple(_feature(*row) for row in _QUADS)
TYPICAL = np.array([region.typical for _, region, _ in _QUADS])
FAMILY = Family(
    names=tuple(feature.name for feature in FURROWS),
    about=ABOUT,
    compute_pixels=furrows,
    features=FURROWS,
    note=NOTE,
)
