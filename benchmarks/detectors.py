"""Coverage against time for every detector and setting.

    python -m benchmarks.detectors [--n 1000]

Crops: FER2013, processor time of detection alone, one process. "Agrees": where HOG's strict setting (score over 0)
finds a face too, the share of boxes with an IoU of .7 or more with its box. Photos: the annotated faces found, and
false ones, with the mean error of the points in inter-ocular distances.
"""

import argparse
import functools
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cv2
import numpy as np

from benchmarks.command import started
from lineament.data import load_dataset
from lineament.data.images import decode_image
from lineament.landmarks import DETECTORS, find_faces
from lineament.landmarks.detector import LOOK, _look, locate_plain
from lineament.landmarks.track import box_iou
from lineament.landmarks.view import CROP_BORDER, CROP_SIDE, view_of

SLOW = ("mmod",)
SKIPPED = ("none", "yunet")  # nothing to find; no model file is installed


def settings():
    """Name to `locate`: the registry, and HOG's thresholds in one look, at the size of the fits and at its own."""
    for threshold in (0.0, -0.6, -1.0):
        for place in ((CROP_SIDE, CROP_BORDER), LOOK):
            name = f"hog, one look at {place[0]} + 2 x {place[1]} px, score > {threshold:g}"
            yield name, functools.partial(_one_look, place=place, threshold=threshold)
    for name, spec in DETECTORS.items():
        if name not in SKIPPED:
            yield name, spec.locate


def _one_look(view, *, place, threshold):
    return [seen for seen in _look(view, *place) if seen[1] > threshold]


def crops(images):
    """Strict is what dlib alone sees at upsample 1 with score over 0."""
    strict = [locate_plain(view_of(image)) for image in images]
    print("| detector | found | agrees with strict HOG | ms a picture |\n|---|---|---|---|")
    for name, locate in settings():
        some = images[:150] if name in SLOW else images
        locate(view_of(images[0]))
        start = time.process_time()
        seen = [locate(view_of(image)) for image in some]
        ms = (time.process_time() - start) / len(some) * 1000
        overlaps = [box_iou(a[0][0], b[0][0]) for a, b in zip(seen, strict) if a and b]
        found, agree = np.mean([bool(one) for one in seen]), np.mean(np.array(overlaps) >= 0.7)
        print(f"| {name} | {found:.1%} | {agree:.1%} | {ms:.1f} |", flush=True)


def photos(folder):
    print("\n| detector | of 43 annotated | false | in dogs.jpg | points' error | s for 9 photos |")
    print("|---|---|---|---|---|---|")
    for name in DETECTORS:
        if name in SKIPPED:
            continue
        start = time.process_time()
        found, false, errors = _against_annotations(folder, name)
        seconds = time.process_time() - start
        dogs = len(find_faces(decode_image((folder / "dogs.jpg").read_bytes()), detector=name))
        print(f"| {name} | {found} | {false} | {dogs} | {np.mean(errors):.1%} | {seconds:.1f} |", flush=True)


def _against_annotations(folder, detector):
    false, errors = 0, []
    for annotations in ("training.xml", "testing.xml"):
        for shot in ElementTree.parse(folder / annotations).iter("image"):
            faces = find_faces(decode_image((folder / shot.get("file")).read_bytes()), detector=detector)
            for box in shot.iter("box"):
                truth = np.array([[float(part.get("x")), float(part.get("y"))] for part in box.iter("part")])
                near = [k for k, face in enumerate(faces) if _is_near(face, truth, float(box.get("width")))]
                if near:
                    errors.append(_error(faces.pop(near[0]).points, truth))
            false += len(faces)
    return len(errors), false, errors


def _is_near(face, truth, width):
    return np.linalg.norm(face.points.mean(axis=0) - truth.mean(axis=0)) < width / 2


def _error(points, truth):
    eyes = np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0))
    return np.linalg.norm(points - truth, axis=1).mean() / eyes


def main(options):
    cv2.setNumThreads(1)
    dataset = load_dataset("fer2013", options.data / "fer2013.zip")
    rows = np.random.default_rng(0).choice(len(dataset), options.n, replace=False)
    crops([dataset.images[row] for row in rows])
    photos(options.data / "photos")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n", type=int, default=1000)
    started(main, parser.parse_args())
