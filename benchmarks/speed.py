"""End to end against the raw dlib calls, the usual loop and face_recognition, on the same pictures.

    python -m benchmarks.speed [--n 2000] [--rounds 3]

Ours: read, hash, decode, detect, points, cache written. Raw: nothing but the dlib calls (and the enlarging that they
need) on views in memory, one process, at the same settings, all fits by dlib's shape_predictor. The loop: imread,
detect at upsample 1, predict, copy point by point. hog-fast is ours with the loop's one look and one fit. Seconds are
the median of the rounds; coverage is the share of pictures with a detected face.
"""

import argparse
import functools
import importlib.util
import sys
import tempfile
import time
import types
from pathlib import Path

import cv2
import dlib
import numpy as np

from benchmarks.command import started
from lineament.data import load_dataset
from lineament.data.dataset import Dataset
from lineament.data.images import TreeImages, decode_image
from lineament.data.packed import open_tree
from lineament.data.parallel import Workers
from lineament.landmarks import Finder, look_at
from lineament.landmarks.detector import _hog_detector, locate_hog
from lineament.landmarks.find import _best
from lineament.landmarks.fitting import default_landmark_model, steady_points
from lineament.landmarks.view import view_of


def ours(dataset, n_jobs, cache, detector="hog"):
    return look_at(dataset.images, finder=Finder(detector), cache=cache, workers=Workers(n_jobs)).found.mean()


@functools.cache
def shape_predictor():
    return dlib.shape_predictor(str(default_landmark_model()))


class DlibTrees:
    """dlib's own fits behind the call of `landmarks.trees.Trees`."""

    def fit(self, pictures, boxes, *, of, flipped):
        fits = []
        for number, box, mirror in zip(of, boxes, flipped):
            gray = np.ascontiguousarray(pictures[number][:, ::-1]) if mirror else pictures[number]
            shape = shape_predictor()(gray, dlib.rectangle(*(int(round(side)) for side in box)))
            fits.append([(point.x, point.y) for point in shape.parts()])
        return np.array(fits, dtype=float)


def raw(views):
    found = 0
    for view in views:
        seen = locate_hog(view)
        box, _ = _best(view, seen)
        steady_points([view.gray], [0], box[None], DlibTrees())
        found += bool(seen)
    return found / len(views)


def usual_loop(files, upsample):
    detector, predictor, found = _hog_detector(), shape_predictor(), 0
    for file in files:
        gray = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2GRAY)
        faces = detector(gray, upsample)
        found += len(faces) > 0
        for face in faces:
            shape, points = predictor(gray, face), np.zeros((68, 2), dtype=int)
            for number in range(68):
                points[number] = shape.part(number).x, shape.part(number).y
    return found / len(files)


def face_recognition_loop(files, upsample):
    library, found = face_recognition(), 0
    for file in files:
        image = library.load_image_file(str(file))
        boxes = library.face_locations(image, number_of_times_to_upsample=upsample)
        library.face_landmarks(image, boxes)
        found += len(boxes) > 0
    return found / len(files)


@functools.cache
def face_recognition():
    """The package, or None where it is not installed.

    It needs `pkg_resources`, which setuptools has removed: its one function is given here.
    """
    if "pkg_resources" not in sys.modules:
        folder = Path(importlib.util.find_spec("face_recognition_models").origin).parent
        stand_in = types.ModuleType("pkg_resources")
        stand_in.resource_filename = lambda package, name: str(folder / name)
        sys.modules["pkg_resources"] = stand_in
    try:
        return importlib.import_module("face_recognition")
    except ImportError:
        return None


def timed(call):
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def compare(name, dataset, files, upsample, rounds):
    views = [view_of(decode_image(file.read_bytes())) for file in files]
    raw(views[:2])
    results = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            calls = {
                "ours, 2 jobs": lambda: ours(dataset, 2, two),
                "ours, 1 job": lambda: ours(dataset, 1, one),
                "ours again, from the cache": lambda: ours(dataset, 1, one),
                "ours, hog-fast, 2 jobs": lambda: ours(dataset, 2, two, "hog-fast"),
                "ours, hog-fast, 1 job": lambda: ours(dataset, 1, one, "hog-fast"),
                "raw dlib calls, 1 process": lambda: raw(views),
            }
            for level in upsample:
                calls[f"the usual loop, upsample {level}"] = lambda level=level: usual_loop(files, level)
                if face_recognition():
                    name = f"face_recognition, upsample {level}"
                    calls[name] = lambda level=level: face_recognition_loop(files, level)
            for label, call in calls.items():
                results.setdefault(label, []).append(timed(call))
    base = np.median([seconds for seconds, _ in results["raw dlib calls, 1 process"]])
    print(f"\n{name}: {len(files)} pictures\n\n| what | seconds | pictures/s | speed against raw | coverage |")
    print("|---|---|---|---|---|")
    for label, runs in results.items():
        seconds = np.median([one for one, _ in runs])
        figures = f"{seconds:.2f} | {len(files) / seconds:.1f} | {base / seconds:.2f} | {runs[0][1]:.1%}"
        print(f"| {label} | {figures} |", flush=True)
    if not face_recognition():
        print("| face_recognition | not installed: make peers | | | |")


def main(options):
    cv2.setNumThreads(1)
    everything = load_dataset("fer2013", options.data / "fer2013.zip")
    chosen = everything.take(np.sort(np.random.default_rng(0).choice(len(everything), options.n, replace=False)))
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number:05}.jpg" for number in range(len(chosen))]
        for number, file in enumerate(files):
            file.write_bytes(chosen.images._content(number))
        dataset = _dataset(folder, files)
        for n_jobs in (1, 2):  # models are loaded and the pool is started once a session
            ours(dataset.take(range(8)), n_jobs, None)
        compare("FER2013", dataset, files, (1, 2, 3), options.rounds)
    photos = options.data / "photos"
    files = sorted(path for path in photos.iterdir() if path.suffix == ".jpg")
    compare("Photos", _dataset(photos, files), files, (1,), options.rounds)


def _dataset(folder, files):
    names = [file.name for file in files]
    images = TreeImages(open_tree(folder), names)
    return Dataset("files", images, np.zeros(len(files), dtype=np.int64), ("?",), np.array(names))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    started(main, parser.parse_args())
