"""Square gray pictures of faces, as networks take them."""

import cv2
import numpy as np

from ..data.dataset import Dataset
from ..data.errors import LineamentError
from ..data.images import UnreadableImage
from ..landmarks.view import CROP_SIDE
from ..landmarks.extract import LandmarkSet

CROP_SIZE = 48  # px, the side of FER2013's pictures
MARGIN = 0.15  # of the box, added on each side: dlib's box ends at the brows


def face_crops(dataset: Dataset, landmarks: LandmarkSet, *, size: int = CROP_SIZE) -> np.ndarray:
    """The face of every picture, gray.

    Parameters
    ----------
    dataset : Dataset of n pictures, all readable
    landmarks : LandmarkSet of n rows
    size : side of the square in px

    Returns
    -------
    ndarray of shape (n, size, size), uint8
        The whole picture where it is the crop of one face already, else the
        face's box with a margin; beyond the picture its edge is repeated.

    Raises
    ------
    LineamentError
        If a picture cannot be read, such as where landmarks came without any.
    """
    try:
        return np.stack([_crop(dataset.images[row], landmarks.boxes[row], size) for row in range(len(dataset))])
    except UnreadableImage as reason:
        raise LineamentError(
            f"A network needs pictures, and '{dataset.name}' has no pictures for all of its faces ({reason}). "
            "Leave cnn out of --classifiers."
        ) from reason


def _crop(image, box, size):
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
