"""The face in one frame: each picture is turned, scaled and moved so that its points fall on those of the mean face.

What is computed there has no parameter to learn.
"""

from collections.abc import Callable

import cv2
import numpy as np

from ..landmarks.layout import mirrored
from .shape import TEMPLATE, aligned

SIDE = 96  # px of the aligned face
IOD = 42.0  # px between its outer eye corners
EYES_AT = np.array([(SIDE - 1) / 2, 32.0])  # px, the middle between the eyes


def each(compute: Callable[[np.ndarray, np.ndarray], np.ndarray]):
    """A descriptor of one face, (96, 96) and (68, 2) to (d,), as one of n."""

    def compute_all(faces, points):
        return np.stack([compute(*face) for face in zip(faces, points)])

    return compute_all


def measurable(points):
    """Mask (n,): faces that can be laid on the mean face: all points known, and the ears apart."""
    return np.isfinite(points).all(axis=(1, 2)) & (points[:, 0] != points[:, 16]).any(axis=1)


def aligned_face(image: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The face in the common frame (96, 96) uint8, and its points there (68, 2) px."""
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    points = np.asarray(points, dtype=np.float64)
    places = aligned(points[None], TEMPLATE)[0] * IOD + EYES_AT
    transform, scale = _similarity(points, places)
    if scale < 1:  # remove detail finer than the new pixels, or it aliases
        gray = cv2.GaussianBlur(gray, (0, 0), 0.4 / scale)
    face = cv2.warpAffine(gray, transform, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return face, places


def mirror_image(face: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mirror image of an aligned face and its points."""
    return np.ascontiguousarray(face[:, ::-1]), mirrored(places, SIDE - 1)


def _similarity(points, places):
    """The 2x3 map from points to their aligned places, and its scale: two of them far apart determine it."""
    z, w = points[:, 0] + 1j * points[:, 1], places[:, 0] + 1j * places[:, 1]
    factor = (w[16] - w[0]) / (z[16] - z[0])
    shift = w[0] - factor * z[0]
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]), abs(factor)
