"""Mutated pictures through the extractor: rows with points, rows without, listed reasons; never a crash.

python -m benchmarks.mutations [--n 5000]
"""

import argparse
import collections
import io
import struct
import zlib

import numpy as np
from PIL import Image

from benchmarks.command import started
from lineament.data import load_dataset
from lineament.data.images import UnreadableImage, decode_image
from lineament.data.memory import peak_memory
from lineament.landmarks import look_at


class BytesImages:
    """Encoded pictures in memory, decoded as those in files are."""

    def __init__(self, contents):
        self.contents = contents

    def __len__(self):
        return len(self.contents)

    def __getitem__(self, index):
        return decode_image(self.contents[index])

    def digest(self, index):
        if not self.contents[index]:
            raise UnreadableImage("the file is empty")
        return f"{zlib.crc32(self.contents[index]):08x}{len(self.contents[index]):08x}"

    def take(self, rows):
        return BytesImages([self.contents[row] for row in rows])


def encoded(image, form="PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def huge_header() -> bytes:
    """A PNG that claims 20,000 x 20,000 pixels."""
    head = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))


def bit_flipped(content, rng):
    content = bytearray(content)
    for place in rng.integers(0, len(content), 8):
        content[place] ^= 1 << rng.integers(0, 8)
    return bytes(content)


def rotated(image):
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image.convert("RGB"), "JPEG", exif=exif)


MUTATIONS = {
    "truncated": lambda image, rng: (c := encoded(image, "JPEG"))[: rng.integers(0, len(c))],
    "truncated png": lambda image, rng: (c := encoded(image))[: rng.integers(0, len(c))],
    "bit-flipped": lambda image, rng: bit_flipped(encoded(image, "JPEG"), rng),
    "bit-flipped png": lambda image, rng: bit_flipped(encoded(image), rng),
    "no picture": lambda image, rng: rng.bytes(200),
    "16-bit": lambda image, rng: encoded(Image.fromarray(np.asarray(image, dtype=np.uint16) * 257)),
    "CMYK": lambda image, rng: encoded(image.convert("CMYK"), "JPEG"),
    "alpha": lambda image, rng: encoded(image.convert("RGBA")),
    "gif": lambda image, rng: encoded(image, "GIF", save_all=True, append_images=[image.rotate(90)] * 2),
    "exif": lambda image, rng: rotated(image),
    "1x1": lambda image, rng: encoded(image.resize((1, 1))),
    "thin": lambda image, rng: encoded(image.resize((int(rng.integers(1, 400)), int(rng.integers(1, 4))))),
    "huge header": lambda image, rng: huge_header(),
}


def mutated(images, n, *, seed=0):
    """Names and contents of n mutated pictures."""
    rng, names = np.random.default_rng(seed), list(MUTATIONS)
    kinds = [names[k % len(names)] for k in range(n)]
    pictures = [Image.fromarray(images[int(rng.integers(len(images)))]).convert("L") for _ in kinds]
    return kinds, [MUTATIONS[kind](picture, rng) for kind, picture in zip(kinds, pictures)]


def extract(contents, **options):
    """The landmarks of encoded pictures."""
    return look_at(BytesImages(contents), **options)


def outcome(landmarks, row) -> str:
    if landmarks.problems[row]:
        return "reason"
    return "found" if landmarks.found[row] else "fallback"


def main(n):
    kinds, contents = mutated(load_dataset("sample", seed=0).images, n)
    landmarks = extract(contents)
    table = collections.defaultdict(collections.Counter)
    for row, kind in enumerate(kinds):
        table[kind][outcome(landmarks, row)] += 1
        assert np.isfinite(landmarks.points[row]).all() != bool(landmarks.problems[row])
    print("| mutation | face found | fallback box | listed reason |\n|---|---|---|---|")
    for kind, counts in table.items():
        print(f"| {kind} | {counts['found']} | {counts['fallback']} | {counts['reason']} |")
    peak = peak_memory() / 2**20
    print(f"\n{n} pictures, no crash, at most {peak:.0f} MiB.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=5000)
    started(main, parser.parse_args().n)
