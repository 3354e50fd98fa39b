"""Face detectors of OpenCV, their boxes calibrated to those of dlib's HOG detector."""

import functools
import os
from pathlib import Path

import cv2
import numpy as np

from ..data.errors import LineamentError
from .fitting import DetectorSpec
from .view import View, calibrated

YUNET_VARIABLE = "LINEAMENT_YUNET"
# Size, right and down in box sizes: medians over the sure HOG boxes of FER2013.
ALT2_TO_DLIB = (0.906, 0.011, 0.082)
DEFAULT_TO_DLIB = (0.887, 0.013, 0.076)
SMALLEST_SHARE = 0.4  # of a crop's view that its face fills at least
PHOTO_SMALLEST = 30  # px
NEIGHBOURS = {True: 3, False: 6}  # by `view.crop`: where no face is promised, more overlapping windows are asked for
# YuNet's box is no square; its five points are. Measured on the 68-point fits of FER2013: width of dlib's box in
# root mean square distances of the eyes, nose tip and mouth corners from their mean, and the offset of its centre.
FIVE_TO_DLIB = (3.593, 0.046, -0.066)
YUNET_THRESHOLD = 0.6


def locate_haar_alt2(view: View):
    """Faces that OpenCV's cascade frontalface_alt2 sees."""
    return _locate_haar(view, "haarcascade_frontalface_alt2.xml", ALT2_TO_DLIB)


def locate_haar_default(view: View):
    """Faces that OpenCV's cascade frontalface_default sees."""
    return _locate_haar(view, "haarcascade_frontalface_default.xml", DEFAULT_TO_DLIB)


def _locate_haar(view, name, calibration):
    smallest = round(SMALLEST_SHARE * min(view.gray.shape)) if view.crop else PHOTO_SMALLEST
    boxes, _, weights = _cascade(name).detectMultiScale3(
        view.gray, 1.1, NEIGHBOURS[view.crop], minSize=(smallest, smallest), outputRejectLevels=True
    )
    corners = [np.array([x, y, x + w, y + h], dtype=float) for x, y, w, h in boxes]
    seen = [(calibrated(box, *calibration), float(weight)) for box, weight in zip(corners, weights)]
    return sorted(seen, key=lambda one: -one[1])


def locate_yunet(view: View):
    """Faces that YuNet sees (Wu et al. 2023)."""
    image = cv2.cvtColor(view.rgb, cv2.COLOR_RGB2BGR)
    network = _yunet(yunet_model())
    network.setInputSize(image.shape[1::-1])
    _, rows = network.detect(image)
    if rows is None:
        return []
    seen = [(box_of_five(row[4:14].reshape(5, 2)), float(row[14])) for row in rows]
    return sorted(seen, key=lambda one: -one[1])


def box_of_five(points: np.ndarray) -> np.ndarray:
    """dlib's box (4,) around the eyes, nose tip and mouth corners (5, 2), in any order."""
    centre = points.mean(axis=0)
    spread = np.sqrt(((points - centre) ** 2).sum(axis=1).mean())
    size, right, down = FIVE_TO_DLIB
    middle = centre + np.array([right, down]) * spread
    return np.r_[middle - size * spread / 2, middle + size * spread / 2]


def yunet_model() -> Path:
    """The ONNX file that the user names in the environment.

    Raises
    ------
    LineamentError
        If it names none, or no file.
    """
    path = os.environ.get(YUNET_VARIABLE, "")
    if not path or not Path(path).is_file():
        raise LineamentError(
            f"The detector 'yunet' needs its model: set {YUNET_VARIABLE} to face_detection_yunet_2023mar.onnx "
            f"(OpenCV's model zoo, MIT licence){f'; there is no file {path}' if path else ''}."
        )
    return Path(path)


@functools.cache
def _cascade(name):
    folder = getattr(cv2, "data", None)
    cascade = cv2.CascadeClassifier(os.path.join(folder.haarcascades, name)) if folder else None
    if cascade is None or cascade.empty():
        raise LineamentError("This OpenCV has no Haar cascades. Install opencv-python-headless below version 5.")
    return cascade


@functools.cache
def _yunet(path: Path):
    try:
        return cv2.FaceDetectorYN.create(str(path), "", (320, 320), YUNET_THRESHOLD)
    except cv2.error as error:
        raise LineamentError(f"{path} is no YuNet model ({error}).") from error


HAAR = DetectorSpec(locate_haar_alt2, "OpenCV's boosted cascade frontalface_alt2 (Viola and Jones 2001)")
HAAR_DEFAULT = DetectorSpec(locate_haar_default, "OpenCV's boosted cascade frontalface_default")
YUNET = DetectorSpec(locate_yunet, f"OpenCV's YuNet; its ONNX file stands in {YUNET_VARIABLE}")
