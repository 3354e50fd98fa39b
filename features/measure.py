"""What a measurement of a face is: named, with formula and unit, drawable, computed for all faces at once.

All lengths are in inter-ocular distances (IOD, here between the outer eye
corners, as in the 300-W benchmark), areas in IOD², angles in radians. Points
are first moved, turned and scaled so that the outer eye corners lie on the
x axis at -1/2 and +1/2; so translation, scale and in-plane rotation of the
face change no feature. Left and right are the subject's own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..landmarks.layout import LEFT_EYE, MIRROR, RIGHT_EYE

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
    """Measurements that are computed together: by the points of a face, by its pixels, or by the sum of both.

    Parameters
    ----------
    names : tuple of d str
        Of the columns.
    about : str
        A few words for the command line.
    compute : function of points (n, 68, 2), gives (n, d); or None
        Of what the points show, in the `frame` asked for.
    compute_pixels : function of aligned faces (n, 96, 96) uint8 and their points (n, 68, 2) px, gives (n, d); or None
        Of what the pixels show; added to what the points show where there are both, and 0 where there is no picture.
    features : tuple of Feature
        Those that can be told and drawn one by one.
    note : str
        A paragraph for the page of features.
    frame : {"face", "picture"}
        Points as `normalised` gives them, or in pixels.
    """

    names: tuple[str, ...]
    about: str
    compute: Callable[[np.ndarray], np.ndarray] | None = None
    compute_pixels: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    features: tuple[Feature, ...] = ()
    note: str = ""
    frame: str = "face"

    @classmethod
    def of(cls, features: Sequence[Feature], compute: Callable, about: str, **more) -> "Family":
        """A family of points whose columns are `features`."""
        features = tuple(features)
        names = tuple(feature.name for feature in features)
        return cls(names=names, about=about, compute=compute, features=features, **more)

    @property
    def needs_pixels(self) -> bool:
        """Without a picture there is nothing to measure."""
        return self.compute is None


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
        A view of memory in the order (2, 68, n), which `coordinates` gives without a copy.
    """
    x, y = coordinates(np.asarray(points, dtype=np.float64))
    right, left = RIGHT_EYE[0], LEFT_EYE[3]
    across, down = x[left] - x[right], y[left] - y[right]
    squared = across**2 + down**2
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = np.where(squared > 0, squared, np.nan)
        cosine, sine = across / squared, down / squared
    x, y = x - (x[right] + x[left]) / 2, y - (y[right] + y[left]) / 2
    turned = np.empty((2, *x.shape))
    # In place: at this size fresh memory costs as much as the sums.
    np.multiply(x, cosine, out=turned[0])
    np.multiply(y, cosine, out=turned[1])
    y *= sine
    x *= sine
    turned[0] += y
    turned[1] -= x
    return turned.T


def coordinates(points: np.ndarray) -> np.ndarray:
    """x and y of every point, (2, 68, n), of faces (n, 68, 2): one point of all faces is one run of memory.

    Formulas work on whole rows of this: several times faster than on every second number of (n, 68, 2).
    """
    return np.ascontiguousarray(points.T)


def anchor_rows(rows: np.ndarray, anchors: list[Anchor]) -> np.ndarray:
    """One coordinate of anchors, (m, n), from that of the points, (68, n)."""
    places = {anchor: anchor[0] for anchor in anchors if len(anchor) == 1}
    means = []
    for anchor in anchors:
        if anchor not in places:
            places[anchor] = len(rows) + len(means)
            means.append(rows[list(anchor)].mean(axis=0))
    if means:
        rows = np.concatenate([rows, means])
    return rows[[places[anchor] for anchor in anchors]]


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
