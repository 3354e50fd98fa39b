"""One picture to a face box and 68 points. The only module that imports dlib.

Boxes are (left, top, right, bottom) and points (x right, y down), in pixels of
the picture as given; dlib's own types stop here.
"""

import functools
import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import dlib
import numpy as np

from data.errors import LineamentError, check_choice
from landmarks.layout import N_POINTS

# dlib's detector sees faces of 80 px and more. A picture no larger than this is taken for the crop
# of one face, as the datasets of this field hand them out, and is enlarged to about that size.
CROP_SIDE = 144
# Faces of a crop often touch its edge, where a sliding window cannot look: the edge is repeated outwards.
CROP_BORDER = 24
# On a crop a face is expected: the best box above this score is taken. On FER2013's 32,298 crops
# scores above 0 (dlib's default) find 75 %, above -0.3 86 %, above -1 97 %.
CROP_THRESHOLD = -1.0
PHOTO_THRESHOLD = 0.0
PHOTO_UPSAMPLED_PIXELS = 1_000_000  # photos with fewer pixels are searched at double size
# Where no face is seen: the mean box that dlib finds on FER2013's crops, as fractions of the frame.
FALLBACK_BOX = (0.06, 0.11, 0.93, 0.98)


@dataclass(frozen=True)
class Face:
    """`box` (4,) float px, `points` (68, 2) float32 px, `score` of the detector, `found` or fallback."""

    box: np.ndarray
    points: np.ndarray
    score: float
    found: bool


@dataclass(frozen=True)
class DetectorSpec:
    locate: Callable[[np.ndarray], tuple[np.ndarray, float] | None]
    about: str


def _largest_or_best(boxes, scores, *, crop: bool) -> int:
    """On a crop the surest box is the face; on a photo the largest is the subject."""
    return int(np.argmax(scores if crop else [box.area() for box in boxes]))


def locate_hog(image: np.ndarray, *, crop: bool):
    """Box (4,) and score of the face that dlib's HOG detector sees, or None."""
    upsample = int(not crop and image.shape[0] * image.shape[1] < PHOTO_UPSAMPLED_PIXELS)
    boxes, scores, _ = _hog_detector().run(image, upsample, CROP_THRESHOLD if crop else PHOTO_THRESHOLD)
    if not boxes:
        return None
    best = _largest_or_best(boxes, scores, crop=crop)
    box = boxes[best]
    return np.array([box.left(), box.top(), box.right(), box.bottom()], dtype=float), float(scores[best])


def locate_nothing(image: np.ndarray, *, crop: bool):
    """Look for no face: every picture gets the fallback box."""
    return None


DETECTORS = {
    "hog": DetectorSpec(locate_hog, "dlib's frontal HOG detector (Dalal and Triggs 2005, King 2015)"),
    "none": DetectorSpec(locate_nothing, "no detection: the whole picture is the face"),
}


def find_face(image: np.ndarray, *, detector: str = "hog", landmark_model: Path | None = None) -> Face:
    """Find one face and its 68 points.

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
    locate = DETECTORS[check_choice("detector", detector, DETECTORS)].locate
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    height, width = gray.shape
    crop = max(height, width) <= CROP_SIDE
    scale = CROP_SIDE / max(height, width) if crop else 1.0
    border = CROP_BORDER if crop else 0
    work = np.ascontiguousarray(gray)
    if crop:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        work = cv2.resize(work, size, interpolation=cv2.INTER_CUBIC)
        work = cv2.copyMakeBorder(work, border, border, border, border, cv2.BORDER_REPLICATE)
    seen = locate(work, crop=crop)
    if seen is None:
        frame = np.array([width, height, width, height], dtype=float) * scale
        box, score = np.array(FALLBACK_BOX) * frame + border, np.nan
    else:
        box, score = seen
    points = _fit_points(work, box, landmark_model)
    # cv2.resize maps pixel centres, (x + 0.5) * scale - 0.5.
    return Face(
        box=(box - border + 0.5) / scale - 0.5,
        points=((points - border + 0.5) / scale - 0.5).astype(np.float32),
        score=score,
        found=seen is not None,
    )


def _fit_points(image, box, landmark_model) -> np.ndarray:
    left, top, right, bottom = (int(round(side)) for side in box)
    shape = _shape_predictor(landmark_model)(image, dlib.rectangle(left, top, right, bottom))
    return np.array([(point.x, point.y) for point in shape.parts()], dtype=float)


@functools.cache
def _hog_detector():
    return dlib.get_frontal_face_detector()


@functools.cache
def _shape_predictor(path: Path | None):
    path = path or default_landmark_model()
    try:
        predictor = dlib.shape_predictor(str(path))
    except RuntimeError as error:
        raise LineamentError(f"{path} is no dlib shape predictor ({error}).") from error
    blank = np.zeros((8, 8), dtype=np.uint8)
    if (n := predictor(blank, dlib.rectangle(0, 0, 7, 7)).num_parts) != N_POINTS:
        raise LineamentError(f"{path} gives {n} points; Lineament needs a {N_POINTS}-point model.")
    return predictor


def default_landmark_model() -> Path:
    """Path of the installed 68-point model (trained on iBUG 300-W: no commercial use).

    The package is located, not imported: importing it needs setuptools' removed `pkg_resources`.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise LineamentError(
            "The 68-point landmark model is missing. Run: pip install face_recognition_models, "
            "or give another one with --landmark-model FILE."
        )
    return Path(spec.origin).parent / "models" / "shape_predictor_68_face_landmarks.dat"


@functools.cache
def extractor_version(detector: str, landmark_model: Path | None = None) -> str:
    """A short hash of all that decides the points of a picture: settings, model file, libraries."""
    model = Path(landmark_model or default_landmark_model())
    if not model.is_file():
        raise LineamentError(f"There is no landmark model at {model}. Check --landmark-model.")
    digest = hashlib.blake2b(digest_size=8)
    with model.open("rb") as file:
        digest.update(hashlib.file_digest(file, "blake2b").digest())
    settings = (CROP_SIDE, CROP_BORDER, CROP_THRESHOLD, PHOTO_THRESHOLD, PHOTO_UPSAMPLED_PIXELS, FALLBACK_BOX)
    digest.update(repr((detector, settings, dlib.__version__, cv2.__version__)).encode())
    return f"{detector}-{digest.hexdigest()}"
