"""The face in black and white."""

import cv2
import numpy as np

from .measure import Family
from .pixels import each

FIELDS = 24  # a side


def binary(face: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The face in black and white at Otsu's threshold, as the share of white in 24x24 fields."""
    _, white = cv2.threshold(face, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return cv2.resize(white.astype(np.float32), (FIELDS, FIELDS), interpolation=cv2.INTER_AREA).ravel()


FAMILY = Family(
    names=tuple(f"binary_{number}" for number in range(FIELDS**2)),
    about="the aligned face in black and white, 24x24",
    compute_pixels=each(binary),
)
