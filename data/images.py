"""Lazy sequences of pictures: decoded when asked for, known by a digest of their content."""

import hashlib
import io
import warnings
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageOps

from .archive import Tree

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".webp", ".gif")
UNREAD_SUFFIXES = (
    ".heic",
    ".heif",
    ".dng",
    ".cr2",
    ".nef",
    ".arw",
    ".psd",
    ".svg",
)  # as cameras and programs keep them
MAX_PIXELS = 64_000_000  # larger pictures are refused before they are decoded


class UnreadableImage(Exception):
    """One picture cannot be read; the message is the reason. Callers count and list it."""


def decode_image(content: bytes) -> np.ndarray:
    """Decode a picture to uint8 (H, W) gray or (H, W, 3) RGB, upright after its EXIF tag.

    Transparent parts are laid over white, animations give their first frame.

    Raises
    ------
    UnreadableImage
        If the content is empty, truncated, too large or of no known format.
    """
    if not content:
        raise UnreadableImage("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata; it raises where pixels are hurt
            with Image.open(io.BytesIO(content)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UnreadableImage(f"{image.width}x{image.height} is more than {MAX_PIXELS // 10**6} megapixels")
                return _as_gray_or_rgb(image)
    except UnreadableImage:
        raise
    except Exception as error:  # Pillow's decoders raise many types (struct.error, SyntaxError, …) on bad bytes
        raise UnreadableImage(str(error).split("<_io")[0].strip() or type(error).__name__) from error


def _as_gray_or_rgb(image: Image.Image) -> np.ndarray:
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":  # 16 or 32 bits: keep the range, not the top byte
        pixels = np.asarray(image, dtype=np.float64)
        low, high = pixels.min(), pixels.max()
        if high > 255 or low < 0:
            pixels = (pixels - low) * (255 / max(high - low, 1e-9))
        return pixels.astype(np.uint8)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.array(image.convert("L" if image.mode in ("L", "1") else "RGB"))


class ArrayImages(Sequence):
    """Pictures that are already in memory.

    Parameters
    ----------
    arrays : ndarray of shape (n, H, W) or (n, H, W, 3), or list of such pictures, uint8
    """

    def __init__(self, arrays):
        self.arrays = arrays

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, index):
        return self.arrays[index]

    def digest(self, index) -> str:
        array = np.ascontiguousarray(self.arrays[index])
        return _digest(repr(array.shape).encode() + array.tobytes())

    def take(self, rows):
        return ArrayImages([self.arrays[row] for row in rows])


class TreeImages(Sequence):
    """Pictures in a folder or archive, each read and decoded when it is asked for."""

    def __init__(self, tree: Tree, names: Sequence[str]):
        self.tree = tree
        self.names = names

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        return decode_image(self._content(index))

    def digest(self, index) -> str:
        return _digest(self._content(index))

    def take(self, rows):
        return TreeImages(self.tree, [self.names[row] for row in rows])

    def _content(self, index):
        try:
            return self.tree.read(self.names[index])
        except OSError as error:
            raise UnreadableImage(error.strerror or str(error)) from error


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
