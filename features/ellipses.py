"""Ellipses fitted to eyes, brows and the outer and inner mouth."""

import numpy as np

from ..landmarks.layout import INNER_MOUTH, LEFT_BROW, LEFT_EYE, OUTER_MOUTH, RIGHT_BROW, RIGHT_EYE
from .measure import Family, Feature, coordinates

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
    x, y = coordinates(contour)  # (k, n) each
    centre_x, centre_y = x.mean(axis=0), y.mean(axis=0)
    x, y = x - centre_x, y - centre_y
    xx, yy, xy = (x * x).mean(axis=0), (y * y).mean(axis=0), (x * y).mean(axis=0)
    middle, half = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    major, minor = np.sqrt(2 * (middle + half)), np.sqrt(2 * np.maximum(middle - half, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = minor / major
    return {
        "major": major,
        "minor": minor,
        "ratio": np.where(major == 0, 0.0, ratio),
        "orientation": 0.5 * np.arctan2(-2 * xy, xx - yy),
        "area": np.pi * major * minor,
        "centre_x": centre_x,
        "centre_y": centre_y,
    }


def _family():
    def compute(points):
        columns = []
        for contour, inwards in _ELLIPSES.values():
            ellipse = fitted_ellipse(points[:, contour[0] : contour[-1] + 1])  # a view: contours are runs of points
            ellipse["orientation"] = ellipse["orientation"] * inwards
            ellipse["centre_x"] = ellipse["centre_x"] * inwards
            columns += [ellipse[part] for part in _ELLIPSE_PARTS]
        return np.stack(columns).T

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
    return Family.of(features, compute, "ellipses fitted to eyes, brows and the outer and inner mouth")


FAMILY = _family()
