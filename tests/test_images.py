import io

import numpy as np
import pytest
from PIL import Image

from lineament.data.images import ArrayImages, UnreadableImage, decode_image


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


GRADIENT = np.tile(np.arange(40, dtype=np.uint8) * 6, (30, 1))


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "WEBP"])
def test_gray_and_colour_keep_their_shape(form):
    options = {"lossless": True} if form == "WEBP" else {}
    colour = decode_image(encoded(Image.fromarray(np.dstack([GRADIENT] * 3)), form, **options))
    assert colour.shape == (30, 40, 3) and colour.dtype == np.uint8
    assert (colour[..., 1] == GRADIENT).all()


def test_modes_become_gray_or_rgb():
    sixteen = Image.fromarray(GRADIENT.astype(np.uint16) * 256)
    assert np.ptp(decode_image(encoded(sixteen)).astype(int)) >= 250
    assert decode_image(encoded(Image.fromarray(GRADIENT).convert("CMYK"), "JPEG")).shape == (30, 40, 3)
    clear = Image.new("RGBA", (5, 4), (0, 0, 0, 0))
    assert (decode_image(encoded(clear)) == 255).all()  # transparent is white, not black
    frames = [Image.fromarray(GRADIENT), Image.fromarray(255 - GRADIENT)]
    assert decode_image(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])).shape[:2] == (30, 40)


def test_exif_rotation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    assert decode_image(encoded(Image.fromarray(GRADIENT), "JPEG", exif=exif)).shape == (40, 30)


@pytest.mark.parametrize("content", [b"", b"no picture", encoded(Image.fromarray(GRADIENT), "JPEG")[:-300]])
def test_bad_content_gives_a_reason(content):
    with pytest.raises(UnreadableImage, match=r"\w"):
        decode_image(content)


def test_a_huge_header_is_refused_before_decoding():
    content = bytearray(encoded(Image.fromarray(GRADIENT), "BMP"))
    content[18:26] = (20_000).to_bytes(4, "little") * 2
    with pytest.raises(UnreadableImage, match="megapixels|decompression"):
        decode_image(bytes(content))


def test_digest_knows_content_and_shape():
    images = ArrayImages([GRADIENT, GRADIENT.copy(), GRADIENT.reshape(40, 30)])
    assert images.digest(0) == images.digest(1) != images.digest(2)
