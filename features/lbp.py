"""Textures of the skin: local binary patterns on the aligned face."""

import cv2
import numpy as np

from .measure import Family
from .pixels import SIDE, each

CELL = 12  # px
RADIUS = 2
CODES = 59  # of 8 neighbours: 58 uniform patterns, and all others


def lbp(face: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Square roots of the shares of local binary patterns in each cell of 12 px.

    Ojala, Pietikäinen and Mäenpää, "Multiresolution Gray-Scale and Rotation Invariant Texture Classification with
    Local Binary Patterns", PAMI 2002; on faces Ahonen et al. 2006.
    """
    from skimage.feature import local_binary_pattern  # a second, for those who ask for it

    smooth = cv2.GaussianBlur(face, (0, 0), 1.0)  # faces come enlarged from 48 px: finer grain is interpolation
    codes = local_binary_pattern(smooth, 8, RADIUS, "nri_uniform").astype(np.int64)
    per_side = SIDE // CELL
    row, column = np.mgrid[:SIDE, :SIDE] // CELL
    counts = np.bincount(((row * per_side + column) * CODES + codes).ravel(), minlength=per_side**2 * CODES)
    return np.sqrt(counts / CELL**2)


FAMILY = Family(
    names=tuple(f"lbp_{number}" for number in range((SIDE // CELL) ** 2 * CODES)),
    about="local binary patterns on the aligned face (3,776 columns)",
    compute_pixels=each(lbp),
)
