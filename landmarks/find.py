"""Pictures to faces with box and 68 points: the detectors by name, and all that is found with them.

Boxes are (left, top, right, bottom) and points (x right, y down), in pixels of the picture as given.
"""

import functools
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..data.errors import LineamentError, check_choice
from ..data.registry import entries
from .detector import DLIB_VERSION
from .fitting import (
    ROUNDS,
    DetectorSpec,
    Face,
    box_of_points,
    default_landmark_model,
    mean_fits,
    steady_points,
    trees_of,
)
from .opencv import yunet_model
from .quality import sharpness
from .view import view_of

# Where no face is seen: the mean box that dlib finds on FER2013's crops, as fractions of the frame.
FALLBACK_BOX = (0.06, 0.11, 0.93, 0.98)

DETECTORS: dict[str, DetectorSpec] = entries(
    __package__,
    {
        "hog": "detector:HOG",
        "hog-fast": "detector:HOG_FAST",
        "mmod": "detector:MMOD",
        "haar": "opencv:HAAR",
        "haar-default": "opencv:HAAR_DEFAULT",
        "yunet": "opencv:YUNET",
        "none": "detector:NONE",
        "auto": "detector:AUTO",
    },
)


def find_face(image: np.ndarray, *, detector: str = "hog", landmark_model: Path | None = None) -> Face:
    """Find one face and its 68 points: the surest on a crop, the largest on a photo.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), uint8, RGB
    detector : name in `DETECTORS`
    landmark_model : path of a dlib 68-point model; default the one installed

    Returns
    -------
    Face
        With `found` False and the points of the fallback box where the detector sees none.
    """
    return find_each_face([image], detector=detector, landmark_model=landmark_model)[0]


def find_each_face(
    images: Sequence[np.ndarray], *, detector: str = "hog", landmark_model: Path | None = None
) -> list[Face]:
    """One face of each picture, as `find_face` finds it; faster than one call each."""
    views, seen = zip(*(_seen(image, detector) for image in images))
    best = [_best(view, boxes) for view, boxes in zip(views, seen)]
    return _fitted(views, range(len(views)), best, detector, landmark_model)


def find_faces(image: np.ndarray, *, detector: str = "hog", landmark_model: Path | None = None) -> list[Face]:
    """All faces of a picture with their 68 points, largest first; on a crop at most one.

    Parameters as of `find_face`. The list is empty where the detector sees no face.
    """
    view, seen = _seen(image, detector)
    seen = seen[:1] if view.crop else seen
    faces = _fitted([view], [0] * len(seen), seen, detector, landmark_model) if seen else []
    return sorted(faces, key=lambda face: face.box[0] - face.box[2])


def follow_face(image: np.ndarray, points: np.ndarray, *, landmark_model: Path | None = None) -> Face:
    """The face whose points (68, 2) are known from a moment before, without looking for it; `score` is NaN.

    On a photo whose face stands still the points are those of `find_face`, to about 1 % of the inter-ocular distance.
    """
    view = view_of(image, crop=False)
    (fitted,) = mean_fits([view.gray], [0], box_of_points(points)[None], ROUNDS[-1], trees_of(landmark_model))
    return Face(box=box_of_points(fitted), points=fitted.astype(np.float32), score=np.nan, found=True)


def _seen(image, detector):
    view = view_of(image)
    return view, DETECTORS[check_choice("detector", detector, DETECTORS)].locate(view)


def _best(view, seen):
    """The surest box of a crop, the largest of a photo, the fallback box with score NaN where there is none."""
    if not seen:
        frame = np.array([*view.frame, *view.frame], dtype=float)
        return np.array(FALLBACK_BOX) * frame + view.border, np.nan
    return seen[0] if view.crop else max(seen, key=lambda one: one[0][2] - one[0][0])


def _fitted(views, of, seen, detector, landmark_model) -> list[Face]:
    """A `Face` for each (box, score), number `of` saying in which view."""
    boxes = np.array([box for box, _ in seen])
    rounds = DETECTORS[detector].rounds
    points = steady_points([view.gray for view in views], of, boxes, trees_of(landmark_model), rounds)
    faces = zip((views[number] for number in of), seen, points)
    return [_face(view, box, score, fitted) for view, (box, score), fitted in faces]


def _face(view, box, score, points) -> Face:
    return Face(
        box=view.to_picture(box),
        points=view.to_picture(points).astype(np.float32),
        score=float(score),
        found=not np.isnan(score),
        sharpness=sharpness(view, box),
    )


@functools.cache
def extractor_version(detector: str, landmark_model: Path | None = None) -> str:
    """A short hash of all that decides the points of a picture: settings, code, model files, libraries."""
    model = Path(landmark_model or default_landmark_model())
    if not model.is_file():
        raise LineamentError(f"There is no landmark model at {model}. Check --landmark-model.")
    here, locating = Path(__file__).parent, sys.modules[DETECTORS[detector].locate.__module__].__file__
    code = ("find.py", "fitting.py", "opencv.py", "quality.py", "tree_fits.py", "trees.py", "view.py")
    files: Sequence[Path] = [model, Path(locating), *(here / name for name in code)]
    if detector == "yunet":
        files = [*files, yunet_model()]
    digest = hashlib.blake2b(digest_size=8)
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "blake2b").digest())
    digest.update(repr((detector, DLIB_VERSION, cv2.__version__)).encode())
    return f"{detector}-{digest.hexdigest()}"
