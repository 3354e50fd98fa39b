"""Gradients of the skin: histograms on a grid over the aligned face and in patches around its points."""

import cv2
import numpy as np

from .measure import Family
from .pixels import SIDE, each

GRID = {"block": 32, "stride": 16, "cell": 16, "bins": 9}
_FEW = (19, 24, 27, 30, 37, 44, 48, 51, 54, 57, 4, 12)
_MANY = (
    17, 19, 21, 22, 24, 26, 36, 37, 39, 41, 42, 43, 45, 46, 27, 30, 31, 33, 35, 48, 50, 51, 52, 54, 56, 57, 58, 62,
)  # fmt: skip
PATCHES = {24: _MANY, 32: _MANY, 48: _FEW}  # px around these points, in 4x4 cells of 8 orientations
WIDEST = max(PATCHES)


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


def _grid_hog():
    return cv2.HOGDescriptor(
        (SIDE, SIDE), (GRID["block"],) * 2, (GRID["stride"],) * 2, (GRID["cell"],) * 2, GRID["bins"]
    )


def _patch_hog(side):
    return cv2.HOGDescriptor((side, side), (side, side), (side // 4,) * 2, (side // 4,) * 2, 8)


def _hog_names():
    grid = [f"hoggrid_{number}" for number in range(_grid_hog().getDescriptorSize())]
    patches = [
        f"hog{side}_p{point}_{number}" for side, points in PATCHES.items() for point in points for number in range(128)
    ]
    return (*grid, *patches)


FAMILY = Family(
    names=_hog_names(),
    about="gradient histograms on the aligned face and around its points (9,604 columns)",
    compute_pixels=each(hog),
)
