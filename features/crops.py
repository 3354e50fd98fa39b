"""Square gray pictures of faces, as networks take them."""

import cv2
import numpy as np

from ..landmarks.view import CROP_SIDE

CROP_SIZE = 48  # px, the side of FER2013's pictures
MARGIN = 0.15  # of the box, added on each side: dlib's box ends at the brows


def cropped(image: np.ndarray, box: np.ndarray, size: int = CROP_SIZE) -> np.ndarray:
    """The face of a picture as a gray square (size, size), uint8.

    The whole picture where it is the crop of one face already, else the face's box (4,) px with a margin; beyond the
    picture its edge is repeated.
    """
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    height, width = gray.shape
    if max(height, width) <= CROP_SIDE:
        left, top, right, bottom = 0, 0, width, height
    else:
        left, top, right, bottom = (float(side) for side in box)
    side = max(right - left, bottom - top)
    if max(height, width) > CROP_SIDE:
        side *= 1 + 2 * MARGIN
    # Affine map from the crop's pixel centres to the picture's.
    scale = side / size
    x, y = (left + right) / 2 - side / 2, (top + bottom) / 2 - side / 2
    inverse = np.array([[scale, 0, x + scale / 2 - 0.5], [0, scale, y + scale / 2 - 0.5]])
    if scale > 1:  # remove detail finer than the new pixels, or it aliases
        gray = cv2.GaussianBlur(gray, (0, 0), scale / 2.5)
    return cv2.warpAffine(
        gray, inverse, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
