"""Pictures that nearly agree: the same photograph with another crop, watermark, size or compression.

Candidates share most bits of a perceptual hash (the signs of the lowest 63
frequencies of the cosine transform, after Zauner, "Implementation and
Benchmarking of Perceptual Image Hash Functions", 2010); each candidate is then
held against the pixels. On FER2013's training and public test parts, 132 pairs
looked at with a correlation of 0.90 to 0.93 were all the same photograph; the
first pairs of different people stand at 0.86.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from tqdm import tqdm

from .images import UnreadableImage
from .parallel import Workers, in_parallel

MAX_BITS = 8  # of 63 that may differ
MIN_CORRELATION = 0.90  # of the gray pixels at THUMB x THUMB
THUMB = 48  # px
BANDS, BAND_BITS = 9, 7  # of two hashes that differ in 8 bits, one of 9 bands is the same
FLAT = 3.0  # gray levels of standard deviation: a plain picture has no structure to be hashed
BATCH = 512  # pictures a task
BLOCK = 2048  # rows and columns of hashes compared at once
PAIRS = 20_000  # candidates verified at once: their pictures are in memory


@dataclass(frozen=True)
class Survey:
    """What one look at every picture tells.

    Parameters
    ----------
    sizes : ndarray of shape (n, 2), int32
        Width and height in pixels; 0 where unreadable.
    hashes : ndarray of shape (n,), uint64
        Perceptual hash; 0 where there is none.
    thumbs : ndarray of shape (n, 48, 48), uint8
        The gray picture at one small size.
    problems : tuple of n str
        Why a picture cannot be read; "" where it can.
    """

    sizes: np.ndarray
    hashes: np.ndarray
    thumbs: np.ndarray
    problems: tuple[str, ...]


def survey_images(images: Sequence, workers: Workers = Workers()) -> Survey:
    """Decode every picture once, for its size, its hash and its readability."""
    starts = range(0, len(images), BATCH)
    tasks = [(images.take(np.arange(start, min(start + BATCH, len(images)))),) for start in starts]
    done = [None] * len(tasks)
    with tqdm(total=len(tasks), desc="looking at pictures", unit="batch", disable=not workers.progress) as bar:
        for number, batch in in_parallel(_survey_batch, tasks, workers):
            done[number] = batch
            bar.update()
    return Survey(
        sizes=np.concatenate([batch.sizes for batch in done]),
        hashes=np.concatenate([batch.hashes for batch in done]),
        thumbs=np.concatenate([batch.thumbs for batch in done]),
        problems=tuple(problem for batch in done for problem in batch.problems),
    )


def _survey_batch(images) -> Survey:
    n = len(images)
    sizes, problems = np.zeros((n, 2), dtype=np.int32), [""] * n
    hashes, thumbs = np.zeros(n, dtype=np.uint64), np.zeros((n, THUMB, THUMB), dtype=np.uint8)
    for row in range(n):
        try:
            image = images[row]
        except UnreadableImage as reason:
            problems[row] = str(reason)
            continue
        sizes[row] = image.shape[1], image.shape[0]
        hashes[row], thumbs[row] = signature(image)
    return Survey(sizes, hashes, thumbs, tuple(problems))


def signature(image: np.ndarray) -> tuple[int, np.ndarray]:
    """What copies of a picture (H, W) or (H, W, 3) are known by: its perceptual hash, and itself at 48x48 in gray."""
    gray = _gray(image)
    return perceptual_hash(gray), cv2.resize(gray, (THUMB, THUMB), interpolation=cv2.INTER_AREA)


def perceptual_hash(image: np.ndarray) -> int:
    """63 bits of a picture (H, W) or (H, W, 3): which low frequencies are above their median; 0 if it is plain."""
    small = cv2.resize(_gray(image), (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    if small.std() < FLAT:
        return 0
    frequencies = cv2.dct(small)[:8, :8].ravel()[1:]  # without the mean
    return int(np.packbits(frequencies > np.median(frequencies), bitorder="little").view(np.uint64)[0])


def _gray(image):
    return image if image.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)


def near_pairs(hashes: np.ndarray, thumbs: np.ndarray) -> np.ndarray:
    """Pairs of rows (m, 2) whose pictures nearly agree, the most alike first.

    Of several equal hashes one picture stands for all: the first by its pixels, so that the pairs do not hang on the
    order of the rows.

    Parameters
    ----------
    hashes : ndarray of shape (n,), uint64
        From `signature`; 0 for none.
    thumbs : ndarray of shape (n, 48, 48), uint8
        From `signature`.
    """
    rows = np.flatnonzero(hashes)
    pixels = np.ascontiguousarray(thumbs[rows]).reshape(len(rows), THUMB * THUMB)
    rows = rows[np.argsort(pixels.view(f"V{THUMB * THUMB}").ravel(), kind="stable")]
    values, first, inverse = np.unique(hashes[rows], return_index=True, return_inverse=True)
    same = np.stack([rows[first[inverse]], rows], axis=1)
    candidates = np.concatenate([same[same[:, 0] != same[:, 1]], rows[first[_close(values)]]])
    blocks = [candidates[start : start + PAIRS] for start in range(0, len(candidates), PAIRS)]
    alike = np.concatenate([np.empty(0), *(_correlations(thumbs, pairs) for pairs in blocks)])
    order = np.argsort(-alike, kind="stable")
    return candidates[order[: int((alike >= MIN_CORRELATION).sum())]]


def _close(values) -> np.ndarray:
    """Index pairs (m, 2) of distinct hashes that differ in at most `MAX_BITS`: only within buckets of an equal band."""
    pairs_within = [np.empty((0, 2), dtype=np.int64)]
    for band in range(BANDS):
        keys = (values >> np.uint64(band * BAND_BITS)) & np.uint64(2**BAND_BITS - 1)
        order = np.argsort(keys, kind="stable")
        for bucket in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
            pairs_within += _close_within(values, bucket)
    return np.unique(np.concatenate(pairs_within), axis=0)


def _close_within(values, bucket):
    for start in range(0, len(bucket), BLOCK):
        left = bucket[start : start + BLOCK]
        for below in range(start, len(bucket), BLOCK):
            right = bucket[below : below + BLOCK]
            a, b = np.nonzero(np.bitwise_count(values[left][:, None] ^ values[right][None]) <= MAX_BITS)
            pairs = np.stack([left[a], right[b]], axis=1)
            yield pairs[pairs[:, 0] < pairs[:, 1]]  # the order is stable: so every pair comes once


def _correlations(thumbs, pairs) -> np.ndarray:
    """Correlation (m,) of the gray pixels of each pair, at one small size."""
    rows, place = np.unique(pairs, return_inverse=True)
    centred = np.stack([_centred(thumbs[row]) for row in rows])
    return np.array([centred[left] @ centred[right] for left, right in place.reshape(pairs.shape)])


def _centred(thumb):
    """Gray pixels (THUMB²,) with mean 0 and length 1; zeros, which correlate with nothing, of a plain picture."""
    centred = thumb.ravel().astype(np.float32) - thumb.mean(dtype=np.float32)
    return centred / max(np.linalg.norm(centred), 1e-6)


@dataclass(frozen=True)
class Signatures:
    """Takes what copies of a picture are known by, see `signature`; a `landmarks.look.Keeper`."""

    version: str = "signatures-1"  # another number where another code gives other values
    fields: Mapping = field(default_factory=lambda: {"hash": ("u", ()), "thumb": ("u", (THUMB, THUMB))}, hash=False)

    def __call__(self, pictures: Sequence[np.ndarray], points, boxes) -> dict[str, np.ndarray]:
        """`hash` (m,) uint64 and `thumb` (m, 48, 48) uint8 of m decoded pictures."""
        hashes, thumbs = zip(*map(signature, pictures))
        return {"hash": np.array(hashes, dtype=np.uint64), "thumb": np.stack(thumbs)}
