"""What a measurement of a face is: named, with formula and unit, drawable, computed for all faces at once.

All lengths are in inter-ocular distances (IOD, here between the outer eye
corners, as in the 300-W benchmark), areas in IOD², angles in radians. Points
are first moved, turned and scaled so that the outer eye corners lie on the
x axis at -1/2 and +1/2; so translation, scale and in-plane rotation of the
face change no feature. Left and right are the subject's own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from landmarks.layout import LEFT_EYE, MIRROR, N_POINTS, RIGHT_EYE

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


def anchor_points(points: np.ndarray, anchors: list[Anchor]) -> np.ndarray:
    """Anchor positions (n, m, 2)."""
    if all(len(anchor) == 1 for anchor in anchors):
        return points[:, [anchor[0] for anchor in anchors]]
    weights = np.zeros((len(anchors), N_POINTS))
    for row, anchor in enumerate(anchors):
        weights[row, list(anchor)] = 1 / len(anchor)
    return np.matmul(weights, points)


def as_anchor(spec) -> Anchor:
    return (spec,) if isinstance(spec, int) else tuple(spec)


def anchor_label(anchor: Anchor) -> str:
    return f"p{anchor[0]}" if len(anchor) == 1 else f"mean(p{anchor[0]}..p{anchor[-1]})"


def both_sides(table):
    """Both sides of a table of the right: (name, a, b, …) with `{}` in the name for the side."""
    def flip(spec):
        return int(MIRROR[spec]) if isinstance(spec, int) else tuple(int(MIRROR[point]) for point in spec)

    for name, *specs in table:
        yield name.format("right"), *specs, 1
        yield name.format("left"), *(flip(spec) for spec in specs), -1
