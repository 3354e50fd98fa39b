"""Video: time and points with and without tracking, and 100,000 frames in a row.

    python -m benchmarks.video --photos ../shared/data/photos [--long 100000]

There is no video among the data: a face of a photo is moved, turned and zoomed smoothly, with noise in every frame.
"""

import argparse
import time
from pathlib import Path

import cv2
import dlib
import numpy as np
import psutil

from benchmarks.command import started
from benchmarks.speed import DlibTrees, shape_predictor
from lineament.data.images import decode_image
from lineament.landmarks.detector import PHOTO_THRESHOLD, PHOTO_UPSAMPLED_PIXELS, _box, _hog_detector
from lineament.landmarks.fitting import steady_points
from lineament.landmarks.track import Tracker

PHOTO = "2008_001322.jpg"
SIZES = ((640, 480), (1280, 720))


def moving_frames(photos, size, n, *, seed=0):
    """n frames of `size` (width, height) in which the largest face of a photo moves; 30 frames a second."""
    image = decode_image((Path(photos) / PHOTO).read_bytes())
    face = max(Tracker().update(image), key=lambda face: face.box[2] - face.box[0])
    centre, zoom = (face.box[:2] + face.box[2:]) / 2, size[1] * 0.3 / (face.box[2] - face.box[0])
    # The other faces are left out: the claim is of one.
    cut = 0.95 * (face.box[2] - face.box[0])
    left, top = np.maximum(0, centre - cut).astype(int)
    alone = image[top : int(centre[1] + cut), left : int(centre[0] + cut)]
    rng, t = np.random.default_rng(seed), np.arange(n) / 30
    for second in t:
        scale = zoom * (1 + 0.1 * np.sin(0.9 * second))
        middle = float(centre[0] - left), float(centre[1] - top)
        turn = cv2.getRotationMatrix2D(middle, 6 * np.sin(1.3 * second), scale)
        aim = np.array(size) / 2 + np.array(size) * [0.12 * np.sin(0.7 * second), 0.08 * np.cos(1.1 * second)]
        turn[:, 2] += aim - [centre[0] - left, centre[1] - top]
        frame = cv2.warpAffine(alone, turn, size, borderMode=cv2.BORDER_CONSTANT, borderValue=(90, 90, 90))
        yield cv2.add(frame, rng.integers(0, 6, frame.shape, dtype=np.uint8))


def raw_points(frame):
    """Nothing but the raw dlib calls at the settings of the pipeline."""
    gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    boxes, _, _ = _hog_detector().run(gray, int(gray.size < PHOTO_UPSAMPLED_PIXELS), PHOTO_THRESHOLD)
    return [steady_points([gray], [0], _box(box)[None], DlibTrees())[0] for box in boxes]


def plain_points(frame):
    """The same detector and one fit a face, as most loops do."""
    gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    boxes, _, _ = _hog_detector().run(gray, int(gray.size < PHOTO_UPSAMPLED_PIXELS), PHOTO_THRESHOLD)
    return [shape_predictor()(gray, dlib.rectangle(box)) for box in boxes]


def cpu_ms(function, frames):
    start = time.process_time()
    results = [function(frame) for frame in frames]
    return (time.process_time() - start) / len(frames) * 1000, results


def compare(photos, size, n):
    frames = list(moving_frames(photos, size, n))
    plain_points(frames[0])
    rounds = [
        [cpu_ms(call, frames) for call in (plain_points, raw_points, Tracker(follow=False).update, Tracker().update)]
        for _ in range(3)
    ]
    plain, raw, untracked, tracked = np.median([[ms for ms, _ in one] for one in rounds], axis=0)
    every, followed = (one[1] for one in rounds[0][2:])
    both = [(a[0].points, b[0].points) for a, b in zip(every, followed) if a and b]
    error = [np.linalg.norm(a - b, axis=1).mean() / inter_ocular(a) for a, b in both]
    print(
        f"| {size[0]}x{size[1]} | {plain:.1f} | {untracked:.1f} | {untracked / plain:.2f} | {tracked:.1f} | "
        f"{tracked / plain:.2f} | {100 * np.mean(error):.2f} % | {len(both)}/{n} | {raw:.1f} |",
        flush=True,
    )


def inter_ocular(points):
    return np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0))


def resident_mb():
    return psutil.Process().memory_info().rss / 2**20


def long_run(photos, n):
    """Memory after 1,000 frames and at the end of n; time per frame of that tracker and of a fresh one, side by side.

    The machine's speed drifts over the minutes that this takes, so the early time is measured again at the end: by a
    tracker of the same age as the first one had after 1,000 frames, in turns with the old one.
    """
    frames, old = list(moving_frames(photos, (320, 240), 300)), Tracker()
    for number in range(n):
        old.update(frame_of(frames, number))
        if number + 1 == 1000:
            early = resident_mb()
    late, young, ms = resident_mb(), Tracker(), {"old": 0.0, "young": 0.0}
    for number in range(2000):
        for name, tracker in (("old", old), ("young", young)):
            start = time.process_time()
            tracker.update(frame_of(frames, n + number))
            if number >= 1000:
                ms[name] += time.process_time() - start
    print(
        f"{n} frames: {early:.1f} -> {late:.1f} MiB; {ms['young']:.2f} ms a frame after 1,000 frames, "
        f"{ms['old']:.2f} ms after {n}: ratio {ms['old'] / ms['young']:.3f}; {old._next_id} ids"
    )


def frame_of(frames, number):
    """The frames forwards, then backwards, and so on."""
    return frames[min(number % (2 * len(frames)), 2 * len(frames) - 1 - number % (2 * len(frames)))]


def main(options):
    cv2.setNumThreads(1)
    if options.long:
        long_run(options.photos, options.long)
        return
    names = "raw, ms|untracked, ms|ratio|tracked, ms|ratio|points differ|seen|raw with all fits, ms"
    print("| frame |", " | ".join(names.split("|")), "|")
    for size in SIZES:
        compare(options.photos, size, options.frames)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", default="../shared/data/photos")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--long", type=int, default=0)
    started(main, parser.parse_args())
