"""The 68-point scheme of iBUG 300-W, by name. No image and no dlib here.

Left and right are the **subject's own**: iBUG numbers 36-41 are the subject's
right eye, which lies on the left of the picture. Point numbers count from 0.

Sagonas et al., "300 Faces in-the-Wild Challenge", ICCV-W 2013.
"""

import numpy as np

N_POINTS = 68

JAW = tuple(range(17))
RIGHT_BROW = tuple(range(17, 22))  # outer end to inner end
LEFT_BROW = tuple(range(22, 27))  # inner end to outer end
NOSE_BRIDGE = tuple(range(27, 31))
NOSE_BASE = tuple(range(31, 36))
RIGHT_EYE = tuple(range(36, 42))  # outer corner, upper lid, inner corner, lower lid
LEFT_EYE = tuple(range(42, 48))  # inner corner, upper lid, outer corner, lower lid
OUTER_MOUTH = tuple(range(48, 60))  # from the right corner over the upper lip
INNER_MOUTH = tuple(range(60, 68))

CONTOURS = {
    "jaw": JAW,
    "right_brow": RIGHT_BROW,
    "left_brow": LEFT_BROW,
    "nose_bridge": NOSE_BRIDGE,
    "nose_base": NOSE_BASE,
    "right_eye": RIGHT_EYE,
    "left_eye": LEFT_EYE,
    "outer_mouth": OUTER_MOUTH,
    "inner_mouth": INNER_MOUTH,
}
CLOSED = ("right_eye", "left_eye", "outer_mouth", "inner_mouth")

# MIRROR[i] is the point that point i becomes in a mirror image.
MIRROR = np.array(
    [*range(16, -1, -1)]  # jaw
    + [*range(26, 16, -1)]  # brows
    + [27, 28, 29, 30, 35, 34, 33, 32, 31]  # nose
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]  # eyes
    + [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55]  # outer mouth
    + [64, 63, 62, 61, 60, 67, 66, 65]  # inner mouth
)


def mirrored(points: np.ndarray, width: float = 0.0) -> np.ndarray:
    """Landmarks (…, 68, 2) of the mirror image of a picture `width` px wide."""
    out = np.asarray(points)[..., MIRROR, :].copy()
    out[..., 0] = width - out[..., 0]
    return out
