"""What contours enclose, and the aspect ratios of eyes (EAR) and mouth (MAR)."""

import numpy as np

from ..landmarks.layout import INNER_MOUTH, OUTER_MOUTH, RIGHT_EYE
from .measure import Family, Feature, both_sides

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


def _family():
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
    return Family.of(features, compute, "areas between points, and the aspect ratios of eyes and mouth")


FAMILY = _family()
