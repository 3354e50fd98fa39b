"""How brows, lids, lips and jaw bend and slope: parabolas fitted to open contours."""

from dataclasses import dataclass

import numpy as np

from ..landmarks.layout import JAW, LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE
from .measure import Family, Feature


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


def _family():
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
    return Family.of(features, compute, "brows, lids, lips and jaw as fitted parabolas")


FAMILY = _family()
