"""dlib's detectors: its HOG, looking once or closer, its CNN, and both together. The only module that imports dlib."""

import functools

import cv2
import dlib
import numpy as np

from .fitting import DetectorSpec, installed_model, settled_box
from .view import View, calibrated, gray_of, view_of

PHOTO_THRESHOLD = 0.0
PHOTO_UPSAMPLED_PIXELS = 1_000_000  # photos with fewer pixels are searched at double size
# Side and border of a crop that HOG looks at, px. It finds as many faces there as at twice that size, at a third of the
# cost: its window of 80 px leaves few places for a face that fills the crop.
LOOK = (96, 8)
# On a crop a face is expected, so lower scores are believed. Above STEADY, HOG's best box agrees with dlib's CNN
# (IoU over .5) in nine of ten crops; below it the look is repeated at another scale and turned. Below -1 most boxes are
# wrong, and the fallback box is the better guess.
STEADY = -0.6
CROP_THRESHOLD = -1.0
SECOND_LOOK = (112, 12)
SECOND_TURNS = (-20, 20)  # degrees
# Centre and log size of the sure boxes (score over .3) on FER2013, as fractions of the frame, and their spread.
# A doubtful box far from there loses up to the next one: the second look agrees with the CNN more often so.
USUAL_PLACE = np.array([0.508, 0.557, -0.167])
USUAL_SPREAD = np.array([0.059, 0.066, 0.145])
PLACE_WEIGHT = 0.05
MMOD_TO_DLIB = (1.087, 0.022, 0.021)  # size, right, down in box sizes: medians on FER2013
MMOD_THRESHOLD = 0.5


def locate_plain(view: View):
    """Faces that dlib's HOG detector sees in the picture as it is: what the usual loop finds."""
    if view.crop:
        seen = _hog(gray_of(view.image), PHOTO_THRESHOLD, upsample=1)
        return [(view.from_picture(box), score) for box, score in seen]
    small = view.gray.size < PHOTO_UPSAMPLED_PIXELS
    return _hog(view.gray, PHOTO_THRESHOLD, upsample=int(small))


def locate_hog(view: View):
    """Faces that dlib's HOG detector sees; on a crop it looks closer where it is in doubt."""
    seen = locate_plain(view)
    if seen or not view.crop:
        return seen
    seen = _look(view, *LOOK)
    return seen if _sure(seen) else _second_look(view, seen)


def locate_mmod(view: View):
    """Faces that dlib's convolutional detector sees, in boxes of the HOG detector's size.

    Its own boxes vary against HOG's by a fifth of their size, so the points that they lead to say where the face is:
    91 % of such boxes reach an IoU of .7 with HOG's on FER2013, against 78 % of calibrated ones.
    """
    image = view.rgb
    upsample = int(not view.crop and view.gray.size < PHOTO_UPSAMPLED_PIXELS)
    found = _mmod_detector()(image, upsample)
    seen = [(_box(one.rect), one.confidence) for one in found if one.confidence > MMOD_THRESHOLD]
    settled = [(settled_box(view.gray, calibrated(box, *MMOD_TO_DLIB)), score) for box, score in seen]
    return sorted(settled, key=lambda one: -one[1])


def locate_auto(view: View):
    """Cheap first: HOG; dlib's CNN where HOG is in doubt; on a crop HOG's second look where both see nothing."""
    if seen := locate_plain(view):
        return seen
    seen = _look(view, *LOOK) if view.crop else []
    if _sure(seen):
        return seen
    return locate_mmod(view) or (_second_look(view, seen) if view.crop else [])


def locate_nothing(view: View):
    """Look for no face: every picture gets the fallback box."""
    return []


def _box(rect) -> np.ndarray:
    return np.array([rect.left(), rect.top(), rect.right(), rect.bottom()], dtype=float)


def _hog(image, threshold, upsample=0) -> list:
    boxes, scores, _ = _hog_detector().run(image, upsample, threshold)
    return [(_box(box), score) for box, score in zip(boxes, scores)]  # dlib sorts by score


def _look(view, side, border) -> list:
    """Boxes above `CROP_THRESHOLD` in a view of another size, in pixels of `view`."""
    look = view_of(view.image, crop=True, side=side, border=border)
    return [(_carried(box, look, view), score) for box, score in _hog(look.gray, CROP_THRESHOLD)]


def _carried(box, look, view) -> np.ndarray:
    return view.from_picture(look.to_picture(box))


def _sure(seen) -> bool:
    return bool(seen) and seen[0][1] > STEADY


def _second_look(view, seen) -> list:
    """Those seen and those of the crop at another scale and turned, the most plausible first."""
    seen = [*seen, *_look(view, *SECOND_LOOK), *_turned_looks(view)]
    return sorted(seen, key=lambda one: PLACE_WEIGHT * _oddness(view, one[0]) - one[1])


def _turned_looks(view) -> list:
    seen = []
    look = view_of(view.image, crop=True, side=LOOK[0], border=LOOK[1])
    height, width = look.gray.shape
    for angle in SECOND_TURNS:
        turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1)
        turned = cv2.warpAffine(look.gray, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        back = cv2.invertAffineTransform(turn)
        seen += [(_carried(_moved(box, back), look, view), score) for box, score in _hog(turned, CROP_THRESHOLD)]
    return seen


def _moved(box, turn) -> np.ndarray:
    """The upright box of the same size around the turned centre."""
    centre = turn[:, :2] @ ((box[:2] + box[2:]) / 2) + turn[:, 2]
    half = (box[2] - box[0]) / 2
    return np.r_[centre - half, centre + half]


def _oddness(view, box) -> float:
    """Squared distance from where faces lie on crops, in standard deviations."""
    middle = ((box[:2] + box[2:]) / 2 - view.border) / view.frame
    place = np.r_[middle, np.log((box[2] - box[0]) / max(view.frame))]
    return float((((place - USUAL_PLACE) / USUAL_SPREAD) ** 2).sum())


@functools.cache
def _hog_detector():
    return dlib.get_frontal_face_detector()


@functools.cache
def _mmod_detector():
    return dlib.cnn_face_detection_model_v1(str(installed_model("mmod_human_face_detector.dat")))


DLIB_VERSION = dlib.__version__
HOG = DetectorSpec(locate_hog, "dlib's frontal HOG detector (Dalal and Triggs 2005, King 2015)")
HOG_FAST = DetectorSpec(locate_plain, "hog with one look and one fit of the points, as in the usual loop", (1,))
MMOD = DetectorSpec(locate_mmod, "dlib's CNN detector (King 2015): 100 times slower than hog")
NONE = DetectorSpec(locate_nothing, "no detection: the whole picture is the face")
AUTO = DetectorSpec(locate_auto, "hog, and mmod only where hog sees nothing")
