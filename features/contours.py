"""Contours as wholes: what they enclose, how they bend, and how the two sides differ."""

from dataclasses import dataclass

import numpy as np

from .angles import angles
from .distances import distances
from .measure import Family, Feature, both_sides
from ..landmarks.layout import INNER_MOUTH, JAW, LEFT_BROW, LEFT_EYE, OUTER_MOUTH, RIGHT_BROW, RIGHT_EYE


def polygon_area(contour: np.ndarray) -> np.ndarray:
    """Area (n,) of closed contours (n, k, 2), by the shoelace formula; contours that cross themselves count less."""
    x, y = contour[..., 0], contour[..., 1]
    return 0.5 * np.abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1))


def aspect_ratio(points: np.ndarray, columns: list[tuple[int, int]], ends: tuple[int, int]) -> np.ndarray:
    """Mean height over width (n,) of an eye or mouth: `columns` are pairs of upper and lower points.

    Soukupová and Čech, "Real-Time Eye Blink Detection using Facial Landmarks", CVWW 2016.
    """
    upper, lower = zip(*columns)
    heights = np.linalg.norm(points[:, upper] - points[:, lower], axis=-1).mean(axis=1)
    width = np.linalg.norm(points[:, ends[0]] - points[:, ends[1]], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(width > 0, heights / width, 0.0) + 0 * width  # the sum keeps NaN rows NaN


# --- areas -----------------------------------------------------------------------------------------

_PAIRED_POLYGONS = [
    ("{}_eye", RIGHT_EYE),
    ("{}_brow_to_eye", (17, 18, 19, 20, 21, 39, 38, 37, 36)),
    ("{}_cheek", (36, 39, 31, 48)),
    ("{}_mouth_half", (51, 50, 49, 48, 59, 58, 57)),
    ("{}_inner_mouth_half", (62, 61, 60, 67, 66)),
    ("{}_jaw_to_mouth", (3, 4, 5, 6, 7, 8, 57, 48)),
]
_MIDLINE_POLYGONS = [
    ("mouth", OUTER_MOUTH),
    ("inner_mouth", INNER_MOUTH),
    ("upper_lip", (48, 49, 50, 51, 52, 53, 54, 64, 63, 62, 61, 60)),
    ("lower_lip", (48, 59, 58, 57, 56, 55, 54, 64, 65, 66, 67, 60)),
    ("nose", (27, 31, 33, 35)),
    ("between_brows", (21, 22, 27)),
    ("nose_to_mouth", (31, 33, 35, 54, 51, 48)),
    ("chin", (48, 57, 54, 10, 8, 6)),
]
_RATIOS = [  # name, columns, ends
    ("right_eye_aspect_ratio", [(37, 41), (38, 40)], (36, 39)),
    ("left_eye_aspect_ratio", [(44, 46), (43, 47)], (45, 42)),
    ("mouth_aspect_ratio", [(50, 58), (51, 57), (52, 56)], (48, 54)),
    ("inner_mouth_aspect_ratio", [(61, 67), (62, 66), (63, 65)], (60, 64)),
]


def areas() -> Family:
    """Polygons between points of the face, and the aspect ratios of eyes (EAR) and mouth (MAR)."""
    polygons = [(name, contour) for name, contour, _ in both_sides(_PAIRED_POLYGONS)] + _MIDLINE_POLYGONS

    def compute(points):
        columns = [polygon_area(points[:, list(contour)]) for _, contour in polygons]
        columns += [aspect_ratio(points, pairs, ends) for _, pairs, ends in _RATIOS]
        return np.stack(columns, axis=1)

    features = [
        Feature(
            f"area_{name}",
            "area of the polygon " + " ".join(f"p{point}" for point in contour),
            "IOD²",
            (tuple((point,) for point in (*contour, contour[0])),),
        )
        for name, contour in polygons
    ]
    features += [
        Feature(
            f"area_{name}",
            f"mean of {', '.join(f'|p{a} - p{b}|' for a, b in pairs)} over |p{ends[0]} - p{ends[1]}|",
            "1",
            (((ends[0],), (ends[1],)), *(((a,), (b,)) for a, b in pairs)),
        )
        for name, pairs, ends in _RATIOS
    ]
    return Family(tuple(features), compute, "areas between points, and the aspect ratios of eyes and mouth")


# --- symmetry --------------------------------------------------------------------------------------


def symmetry() -> Family:
    """Every paired distance and angle of the right side less that of the left."""
    rows, features = [], []
    offset = 0
    bases = (distances(), angles())
    for base in bases:
        place = {name: offset + index for index, name in enumerate(base.names)}
        for name in base.names:
            other = name.replace("right_", "left_")
            if name != other:
                rows.append((place[name], place[other]))
                features.append(_difference(base, name, other))
        offset += len(base.names)
    right, left = (list(column) for column in zip(*rows))

    def compute(points):
        table = np.concatenate([base.compute(points) for base in bases], axis=1)
        return table[:, right] - table[:, left]

    return Family(tuple(features), compute, "the right side less the left, of every paired distance and angle")


def _difference(base, right, left):
    by_name = {feature.name: feature for feature in base.features}
    return Feature(
        f"symmetry_{right.replace('right_', '')}",
        f"{right} - {left}",
        by_name[right].unit,
        by_name[right].strokes + by_name[left].strokes,
    )


# --- curvature -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """An open contour, from end to end; `paired` says whether it lies on one side of the face."""

    points: tuple[int, ...]
    inwards: int = 1
    paired: bool = False


_CURVES = {
    "right_brow": Curve(RIGHT_BROW, 1, True),
    "left_brow": Curve(LEFT_BROW, -1, True),
    "right_upper_lid": Curve(RIGHT_EYE[:4], 1, True),
    "left_upper_lid": Curve(LEFT_EYE[:4], -1, True),
    "right_lower_lid": Curve((36, 41, 40, 39), 1, True),
    "left_lower_lid": Curve((42, 47, 46, 45), -1, True),
    "upper_lip": Curve((48, 49, 50, 51, 52, 53, 54)),
    "lower_lip": Curve((48, 59, 58, 57, 56, 55, 54)),
    "inner_upper_lip": Curve((60, 61, 62, 63, 64)),
    "inner_lower_lip": Curve((60, 67, 66, 65, 64)),
    "lip_line": Curve((48, 60, 61, 62, 63, 64, 54)),
    "jaw": Curve(JAW),
}


def fitted_parabola(contour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bend and slope (n,) of the least-squares parabola height = bend u² + slope u + c of open contours (n, k, 2).

    u runs from -1 at the first to 1 at the last point along the eye axis, so
    that bend is the rise of the ends over the middle, in the unit of the points;
    heights point up.
    """
    x, height = contour[..., 0], -contour[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        u = (2 * x - (x[:, :1] + x[:, -1:])) / (x[:, -1:] - x[:, :1])
    u = np.where(np.isfinite(u), u, np.linspace(-1, 1, x.shape[1])) + 0 * x
    # Normal equations of each face, with centred columns so that the constant drops out.
    square, line = u**2 - (u**2).mean(axis=1, keepdims=True), u - u.mean(axis=1, keepdims=True)
    rise = height - height.mean(axis=1, keepdims=True)
    ss, sl, ll = (square**2).sum(axis=1), (square * line).sum(axis=1), (line**2).sum(axis=1)
    sr, lr = (square * rise).sum(axis=1), (line * rise).sum(axis=1)
    determinant = ss * ll - sl**2
    with np.errstate(divide="ignore", invalid="ignore"):
        bend, slope = (ll * sr - sl * lr) / determinant, (ss * lr - sl * sr) / determinant
    flat = determinant <= 1e-12
    return np.where(flat, 0.0, bend), np.where(flat, 0.0, slope)


def curvature() -> Family:
    """Brows, lids, lips and jaw as parabolas: how much they bend, and how they slope."""

    def compute(points):
        columns = []
        for curve in _CURVES.values():
            bend, slope = fitted_parabola(points[:, list(curve.points)])
            columns += [bend, slope * curve.inwards]
        return np.stack(columns, axis=1)

    features = tuple(
        Feature(
            f"curve_{name}_{part}",
            f"{formula} of the parabola through p{curve.points[0]}..p{curve.points[-1]}",
            "IOD",
            (tuple((point,) for point in curve.points),),
        )
        for name, curve in _CURVES.items()
        for part, formula in (("bend", "rise of the ends over the middle"), ("slope", "half the rise from end to end"))
    )
    return Family(features, compute, "brows, lids, lips and jaw as fitted parabolas")
