"""Named measurements of a face from its 68 points. Pure functions, vectorised over faces.

Every feature is defined once, in a table below: the table computes it, names
it, gives its formula and unit, and says which strokes draw it on a face.

All lengths are in inter-ocular distances (IOD, here between the outer eye
corners, as in the 300-W benchmark), areas in IOD², angles in radians. Points
are first moved, turned and scaled so that the outer eye corners lie on the
x axis at -1/2 and +1/2; so translation, scale and in-plane rotation of the
face change no feature. Left and right are the subject's own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from landmarks.layout import INNER_MOUTH, LEFT_BROW, LEFT_EYE, MIRROR, N_POINTS, OUTER_MOUTH, RIGHT_BROW, RIGHT_EYE

Anchor = tuple[int, ...]  # the mean of these points


@dataclass(frozen=True)
class Feature:
    """One named measurement.

    `strokes` are the lines that show it on a face, each a tuple of anchors.
    """

    name: str
    formula: str
    unit: str
    strokes: tuple[tuple[Anchor, ...], ...]

    def draw(self, points: np.ndarray) -> list[np.ndarray]:
        """Polylines of shape (k, 2) that show the feature on one face (68, 2)."""
        return [np.array([points[list(anchor)].mean(axis=0) for anchor in stroke]) for stroke in self.strokes]


@dataclass(frozen=True)
class Family:
    """Features that are computed together: normalised points (n, 68, 2) to (n, d)."""

    features: tuple[Feature, ...]
    compute: Callable[[np.ndarray], np.ndarray]
    about: str

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]


def normalised(points: np.ndarray) -> np.ndarray:
    """Points with the outer eye corners at (-1/2, 0) and (1/2, 0).

    Parameters
    ----------
    points : ndarray of shape (n, 68, 2)
        Pixels, x right and y down. Rows may be NaN.

    Returns
    -------
    ndarray of shape (n, 68, 2), float64
        In IOD, y still down. NaN where the input is, or where the eye corners coincide.
    """
    points = np.asarray(points, dtype=np.float64)
    right, left = points[:, RIGHT_EYE[0]], points[:, LEFT_EYE[3]]
    axis = left - right
    squared = (axis**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine, sine = (axis / np.where(squared > 0, squared, np.nan)[:, None]).T
    centred = points - ((right + left) / 2)[:, None]
    x, y = centred[..., 0], centred[..., 1]
    turned = np.empty_like(centred)
    turned[..., 0] = x * cosine[:, None] + y * sine[:, None]
    turned[..., 1] = y * cosine[:, None] - x * sine[:, None]
    return turned


def _anchors(points: np.ndarray, anchors: list[Anchor]) -> np.ndarray:
    """Anchor positions (n, m, 2)."""
    if all(len(anchor) == 1 for anchor in anchors):
        return points[:, [anchor[0] for anchor in anchors]]
    weights = np.zeros((len(anchors), N_POINTS))
    for row, anchor in enumerate(anchors):
        weights[row, list(anchor)] = 1 / len(anchor)
    return np.matmul(weights, points)


def _as_anchor(spec) -> Anchor:
    return (spec,) if isinstance(spec, int) else tuple(spec)


def _label(anchor: Anchor) -> str:
    return f"p{anchor[0]}" if len(anchor) == 1 else f"mean(p{anchor[0]}..p{anchor[-1]})"


def _mirrored_pairs(table):
    """Both sides of a table of the right: (name, a, b, …) with `{}` in the name for the side."""
    def flip(spec):
        return int(MIRROR[spec]) if isinstance(spec, int) else tuple(int(MIRROR[point]) for point in spec)

    for name, *specs in table:
        yield name.format("right"), *specs, 1
        yield name.format("left"), *(flip(spec) for spec in specs), -1


# --- distances -------------------------------------------------------------------------------------

_PAIRED_DISTANCES = [
    ("{}_eye_width", 36, 39),
    ("{}_eye_height_outer", 37, 41),
    ("{}_eye_height_inner", 38, 40),
    ("{}_brow_width", 17, 21),
    ("{}_brow_outer_to_eye", 17, 36),
    ("{}_brow_outer_mid_to_eye", 18, 37),
    ("{}_brow_mid_to_eye", 19, 37),
    ("{}_brow_inner_mid_to_eye", 20, 38),
    ("{}_brow_inner_to_eye", 21, 39),
    ("{}_brow_to_eye_centre", RIGHT_BROW, RIGHT_EYE),
    ("{}_brow_inner_to_nose_root", 21, 27),
    ("{}_brow_mid_to_nose_tip", 19, 30),
    ("{}_upper_lid_to_brow", (37, 38), 19),
    ("{}_nostril_to_inner_eye", 31, 39),
    ("{}_nostril_to_mouth_corner", 31, 48),
    ("{}_mouth_corner_to_outer_eye", 48, 36),
    ("{}_mouth_corner_to_inner_eye", 48, 39),
    ("{}_mouth_corner_to_lower_lid", 48, (40, 41)),
    ("{}_mouth_corner_to_nose_tip", 48, 30),
    ("{}_mouth_corner_to_chin", 48, 8),
    ("{}_mouth_corner_to_jaw", 48, 4),
    ("{}_upper_lip_half_width", 48, 51),
    ("{}_lower_lip_half_width", 48, 57),
    ("{}_upper_lip_thickness", 50, 61),
    ("{}_lower_lip_thickness", 58, 67),
    ("{}_mouth_height", 50, 58),
    ("{}_mouth_opening", 61, 67),
    ("{}_upper_lip_to_nostril", 50, 31),
]
_MIDLINE_DISTANCES = [
    ("mouth_width", 48, 54),
    ("inner_mouth_width", 60, 64),
    ("mouth_height", 51, 57),
    ("mouth_opening", 62, 66),
    ("upper_lip_thickness", 51, 62),
    ("lower_lip_thickness", 57, 66),
    ("nose_base_to_upper_lip", 33, 51),
    ("nose_tip_to_upper_lip", 30, 51),
    ("lower_lip_to_chin", 57, 8),
    ("nose_base_to_chin", 33, 8),
    ("brow_gap", 21, 22),
    ("brow_mid_gap", 19, 24),
    ("inner_eye_gap", 39, 42),
    ("nose_width", 31, 35),
    ("nose_length", 27, 33),
    ("nose_bridge", 27, 30),
    ("nose_tip_to_base", 30, 33),
    ("eyes_to_mouth", RIGHT_EYE + LEFT_EYE, OUTER_MOUTH),
    ("eyes_to_nose_base", RIGHT_EYE + LEFT_EYE, 33),
    ("jaw_width", 4, 12),
    ("cheek_width", 1, 15),
    ("face_height", 27, 8),
]


def _distances() -> Family:
    rows = [(name, _as_anchor(a), _as_anchor(b)) for name, a, b, _ in _mirrored_pairs(_PAIRED_DISTANCES)]
    rows += [(name, _as_anchor(a), _as_anchor(b)) for name, a, b in _MIDLINE_DISTANCES]
    starts, ends = [row[1] for row in rows], [row[2] for row in rows]

    def compute(points):
        step = _anchors(points, ends) - _anchors(points, starts)
        return np.hypot(step[..., 0], step[..., 1])

    features = tuple(Feature(f"dist_{name}", f"|{_label(a)} - {_label(b)}|", "IOD", ((a, b),)) for name, a, b in rows)
    return Family(features, compute, "lengths between points of eyes, brows, nose, mouth and jaw")


# --- angles ----------------------------------------------------------------------------------------

# Between two arms at a vertex: (name, arm, vertex, arm).
_PAIRED_CORNERS = [
    ("{}_eye_outer_corner", 37, 36, 41),
    ("{}_eye_inner_corner", 38, 39, 40),
    ("{}_eye_upper_lid_outer", 36, 37, 38),
    ("{}_eye_upper_lid_inner", 37, 38, 39),
    ("{}_eye_lower_lid_outer", 36, 41, 40),
    ("{}_eye_lower_lid_inner", 41, 40, 39),
    ("{}_brow_arch", 17, 19, 21),
    ("{}_brow_arch_outer", 17, 18, 19),
    ("{}_brow_arch_inner", 19, 20, 21),
    ("{}_mouth_corner", 51, 48, 57),
    ("{}_mouth_corner_tight", 49, 48, 59),
    ("{}_inner_mouth_corner", 61, 60, 67),
    ("{}_upper_lip_bend", 48, 49, 50),
    ("{}_lower_lip_bend", 48, 59, 58),
    ("{}_nostril_between_eye_and_mouth", 39, 31, 48),
    ("{}_mouth_corner_between_eye_and_chin", 36, 48, 8),
]
_MIDLINE_CORNERS = [
    ("upper_lip_arch", 48, 51, 54),
    ("cupids_bow", 50, 51, 52),
    ("lower_lip_arch", 48, 57, 54),
    ("lower_lip_middle", 58, 57, 56),
    ("inner_upper_lip_arch", 60, 62, 64),
    ("inner_lower_lip_arch", 60, 66, 64),
    ("mouth_from_nose_base", 48, 33, 54),
    ("mouth_from_nose_tip", 48, 30, 54),
    ("mouth_from_nose_root", 48, 27, 54),
    ("mouth_from_chin", 48, 8, 54),
    ("brows_from_nose_root", 21, 27, 22),
    ("brows_from_nose_tip", 21, 30, 22),
    ("brow_arches_from_nose_tip", 19, 30, 24),
    ("nostrils_from_nose_tip", 31, 30, 35),
    ("chin", 6, 8, 10),
    ("jaw", 4, 8, 12),
]
# Slope of the line from an outer to an inner point against the eye axis, positive where it rises inwards.
_PAIRED_TILTS = [
    ("{}_brow_tilt", 17, 21),
    ("{}_brow_outer_tilt", 17, 19),
    ("{}_brow_inner_tilt", 19, 21),
    ("{}_eye_tilt", 36, 39),
    ("{}_upper_lid_tilt", 37, 38),
    ("{}_lower_lid_tilt", 41, 40),
    ("{}_mouth_corner_to_upper_lip_tilt", 48, 51),
    ("{}_mouth_corner_to_lower_lip_tilt", 48, 57),
    ("{}_inner_mouth_corner_to_upper_lip_tilt", 60, 62),
    ("{}_inner_mouth_corner_to_lower_lip_tilt", 60, 66),
    ("{}_mouth_corner_to_nose_base_tilt", 48, 33),
    ("{}_upper_lip_outer_tilt", 48, 49),
    ("{}_lower_lip_outer_tilt", 48, 59),
]


def _angles() -> Family:
    corners = [row[:4] for row in _mirrored_pairs(_PAIRED_CORNERS)] + _MIDLINE_CORNERS
    tilts = list(_mirrored_pairs(_PAIRED_TILTS))
    first, vertex, second = ([row[place] for row in corners] for place in (1, 2, 3))
    outer, inner = ([row[place] for row in tilts] for place in (1, 2))
    inwards = np.array([row[3] for row in tilts], dtype=float)

    def compute(points):
        one, other = points[:, first] - points[:, vertex], points[:, second] - points[:, vertex]
        cross = one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]
        opening = np.abs(np.arctan2(cross, (one * other).sum(axis=-1)))
        step = points[:, inner] - points[:, outer]
        tilt = np.arctan2(-step[..., 1], step[..., 0] * inwards)
        return np.concatenate([opening, tilt], axis=1)

    features = [
        Feature(f"angle_{name}", f"angle p{a} p{v} p{b}, 0 to pi", "rad", (((a,), (v,), (b,)),))
        for name, a, v, b in corners
    ]
    features += [
        Feature(f"angle_{name}", f"rise of p{a} -> p{b} over the eye axis, -pi to pi", "rad", (((a,), (b,)),))
        for name, a, b, _ in tilts
    ]
    return Family(tuple(features), compute, "corners of lids, brows and lips, and their slopes")


# --- ellipses --------------------------------------------------------------------------------------

_ELLIPSES = {  # contour: which way is inwards (+1: the subject's right, or the midline)
    "right_eye": (RIGHT_EYE, 1),
    "left_eye": (LEFT_EYE, -1),
    "right_brow": (RIGHT_BROW, 1),
    "left_brow": (LEFT_BROW, -1),
    "outer_mouth": (OUTER_MOUTH, 1),
    "inner_mouth": (INNER_MOUTH, 1),
}
_ELLIPSE_PARTS = {
    "major": ("major semi-axis, a = sqrt(2 l1)", "IOD"),
    "minor": ("minor semi-axis, b = sqrt(2 l2)", "IOD"),
    "ratio": ("b / a, 0 closed to 1 round", "1"),
    "orientation": ("major axis against the eye axis, positive rising inwards, -pi/2 to pi/2", "rad"),
    "area": ("pi a b", "IOD²"),
    "centre_x": ("centre along the eye axis from its middle, inwards positive", "IOD"),
    "centre_y": ("centre below the eye axis", "IOD"),
}


def fitted_ellipse(contour: np.ndarray) -> dict[str, np.ndarray]:
    """The ellipse with the same second moments as the points of a contour.

    Points spread evenly along an ellipse with semi-axes a, b have the
    covariance eigenvalues l1 = a²/2 and l2 = b²/2 along its axes. A
    least-squares conic (Fitzgibbon et al. 1999) is no ellipse for the nearly
    straight five points of a brow or a closed eye; the moments always are.

    Parameters
    ----------
    contour : ndarray of shape (n, k, 2), y down

    Returns
    -------
    dict of ndarray of shape (n,)
        `major`, `minor` (lengths), `ratio`, `orientation` (radians, positive
        where it rises to the right), `area`, `centre_x`, `centre_y`.

    References
    ----------
    Teague, "Image analysis via the general theory of moments", JOSA 70 (1980).
    """
    centre = contour.mean(axis=1)
    offset = contour - centre[:, None]
    xx, yy = (offset**2).mean(axis=1).T
    xy = (offset[..., 0] * offset[..., 1]).mean(axis=1)
    middle, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    major, minor = np.sqrt(2 * (middle + half)), np.sqrt(2 * np.maximum(middle - half, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = minor / major
    return {
        "major": major,
        "minor": minor,
        "ratio": np.where(major == 0, 0.0, ratio),
        "orientation": 0.5 * np.arctan2(-2 * xy, xx - yy),
        "area": np.pi * major * minor,
        "centre_x": centre[:, 0],
        "centre_y": centre[:, 1],
    }


def _ellipses() -> Family:
    def compute(points):
        columns = []
        for contour, inwards in _ELLIPSES.values():
            ellipse = fitted_ellipse(points[:, contour])
            ellipse["orientation"] = ellipse["orientation"] * inwards
            ellipse["centre_x"] = ellipse["centre_x"] * inwards
            columns += [ellipse[part] for part in _ELLIPSE_PARTS]
        return np.stack(columns, axis=1)

    features = tuple(
        Feature(
            f"ellipse_{contour}_{part}",
            f"{formula}; of points p{indices[0]}..p{indices[-1]}",
            unit,
            (tuple((point,) for point in (indices if "brow" in contour else indices + indices[:1])),),
        )
        for contour, (indices, _) in _ELLIPSES.items()
        for part, (formula, unit) in _ELLIPSE_PARTS.items()
    )
    return Family(features, compute, "ellipses fitted to eyes, brows and the outer and inner mouth")


FAMILIES = {"distances": _distances(), "angles": _angles(), "ellipses": _ellipses()}
FEATURES = {feature.name: feature for family in FAMILIES.values() for feature in family.features}
