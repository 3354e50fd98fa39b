"""`View`: a picture as the detectors and the point model want it, and the way back to its pixels."""

from dataclasses import dataclass

import cv2
import numpy as np

# dlib's detector sees faces of 80 px and more. A picture no larger than this is taken for the crop
# of one face, as the datasets of this field hand them out, and is enlarged to about that size.
CROP_SIDE = 144
# Faces of a crop often touch its edge, where a sliding window cannot look: the edge is repeated outwards.
CROP_BORDER = 24


@dataclass(frozen=True)
class View:
    """`gray` (h, w) uint8 to look at; `crop`: it is known to be one face, enlarged by `scale` and given a `border`.

    `frame` is the size (width, height) px of the picture within the view, `image` the picture as given.
    """

    gray: np.ndarray
    image: np.ndarray
    crop: bool
    scale: float
    border: int
    frame: tuple[int, int]

    @property
    def rgb(self) -> np.ndarray:
        """The same view in colour (h, w, 3) where the picture has some; gray thrice elsewhere."""
        if self.crop or self.image.ndim == 2:
            return cv2.cvtColor(self.gray, cv2.COLOR_GRAY2RGB)
        return np.ascontiguousarray(self.image)

    def to_picture(self, xy: np.ndarray) -> np.ndarray:
        """Coordinates of the view in pixels of the picture; cv2.resize maps (x + 0.5) * scale - 0.5."""
        return (xy - self.border + 0.5) / self.scale - 0.5

    def from_picture(self, xy: np.ndarray) -> np.ndarray:
        """Coordinates of the picture in pixels of the view."""
        return (xy + 0.5) * self.scale - 0.5 + self.border


def gray_of(image: np.ndarray) -> np.ndarray:
    """A picture (H, W) or (H, W, 3) RGB in gray (H, W)."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def view_of(image: np.ndarray, *, crop: bool | None = None, side: int = CROP_SIDE, border: int = CROP_BORDER) -> View:
    """The view of a picture (H, W) or (H, W, 3) RGB; `crop` None decides by its size.

    A crop is enlarged to `side` px and its edge repeated outwards by `border` px.
    """
    gray = gray_of(image)
    height, width = gray.shape
    crop = max(height, width) <= CROP_SIDE if crop is None else crop
    if not crop:
        return View(np.ascontiguousarray(gray), image, False, 1.0, 0, (width, height))
    scale = side / max(height, width)
    frame = max(1, round(width * scale)), max(1, round(height * scale))
    work = cv2.resize(gray, frame, interpolation=cv2.INTER_CUBIC)
    work = cv2.copyMakeBorder(work, *[border] * 4, cv2.BORDER_REPLICATE)
    return View(work, image, True, scale, border, frame)


def calibrated(box: np.ndarray, size, right, down) -> np.ndarray:
    """Another detector's box (…, 4) as dlib's: `size` times as large, moved by fractions `right`, `down` of its width.

    The three are numbers, or arrays (…) of one for each box.
    """
    width = (box[..., 2] - box[..., 0])[..., None]
    centre = (box[..., :2] + box[..., 2:]) / 2 + np.stack([right, down], axis=-1) * width
    half = np.asarray(size)[..., None] * width / 2
    return np.concatenate([centre - half, centre + half], axis=-1)
