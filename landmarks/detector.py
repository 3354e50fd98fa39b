"""Pictures to face boxes and 68 points each. The only module that imports dlib.

Boxes are (left, top, right, bottom) and points (x right, y down), in pixels of
the picture as given; dlib's own types stop here.
"""

import functools
import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import dlib
import numpy as np

from ..data.errors import LineamentError, check_choice
from . import opencv
from .layout import N_POINTS, mirrored
from .quality import sharpness
from .trees import Trees, read_trees
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
# Where no face is seen: the mean box that dlib finds on FER2013's crops, as fractions of the frame.
FALLBACK_BOX = (0.06, 0.11, 0.93, 0.98)
# The points are averaged over boxes moved a little, and fitted again in the box that they imply: so they hang on the
# face and not on the steps of the detector's window (4 % of its width: 3.5 % of the inter-ocular distance after a plain
# fit), and a followed face gets the points of a detected one. Half of the last round looks at the mirror image, whose
# errors are others. On FER2013 an SVM's macro F1 rises from .467 after one fit to .53 after such ten
# (benchmarks/README.md).
ROUNDS = (1, 1, 8)  # fits in each round; of the last, the second half in the mirror image
JITTER = np.vstack([np.zeros(3), np.random.default_rng(5).uniform(-0.05, 0.05, (max(ROUNDS) - 1, 3))])
# Width of dlib's box in root mean square distances of the 68 points from their mean, and the offset of its centre.
POINTS_TO_DLIB = (2.697, 0.0285, -0.145)
MMOD_TO_DLIB = (1.087, 0.022, 0.021)  # size, right, down in box sizes: medians on FER2013
MMOD_THRESHOLD = 0.5


@dataclass(frozen=True)
class Face:
    """`box` (4,) float px, `points` (68, 2) float32 px, `score` of the detector, `found` or fallback, `sharpness`."""

    box: np.ndarray
    points: np.ndarray
    score: float
    found: bool
    sharpness: float = np.nan


@dataclass(frozen=True)
class DetectorSpec:
    """`locate(view)` returns a list of (box (4,), score) in pixels of the view, best first; `rounds` of fits follow."""

    locate: Callable[[View], list[tuple[np.ndarray, float]]]
    about: str
    rounds: tuple[int, ...] = ROUNDS


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
    settled = [(_settled(view.gray, calibrated(box, *MMOD_TO_DLIB)), score) for box, score in seen]
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


DETECTORS = {
    "hog": DetectorSpec(locate_hog, "dlib's frontal HOG detector (Dalal and Triggs 2005, King 2015)"),
    "hog-fast": DetectorSpec(locate_plain, "hog with one look and one fit of the points, as in the usual loop", (1,)),
    "mmod": DetectorSpec(locate_mmod, "dlib's CNN detector (King 2015): 100 times slower than hog"),
    "haar": DetectorSpec(opencv.locate_haar_alt2, "OpenCV's boosted cascade frontalface_alt2 (Viola and Jones 2001)"),
    "haar-default": DetectorSpec(opencv.locate_haar_default, "OpenCV's boosted cascade frontalface_default"),
    "yunet": DetectorSpec(opencv.locate_yunet, f"OpenCV's YuNet; its ONNX file stands in {opencv.YUNET_VARIABLE}"),
    "none": DetectorSpec(locate_nothing, "no detection: the whole picture is the face"),
    "auto": DetectorSpec(locate_auto, "hog, and mmod only where hog sees nothing"),
}


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
    (fitted,) = _mean_fits([view.gray], [0], box_of_points(points)[None], ROUNDS[-1], _trees(landmark_model))
    return Face(box=box_of_points(fitted), points=fitted.astype(np.float32), score=np.nan, found=True)


def box_of_points(points: np.ndarray) -> np.ndarray:
    """dlib's box (…, 4) around 68 points (…, 68, 2)."""
    centre = points.mean(axis=-2)
    spread = np.sqrt(((points - centre[..., None, :]) ** 2).sum(axis=-1).mean(axis=-1))[..., None]
    size, *offset = POINTS_TO_DLIB
    middle = centre + np.array(offset) * spread
    return np.concatenate([middle - size * spread / 2, middle + size * spread / 2], axis=-1)


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
    points = steady_points([view.gray for view in views], of, boxes, _trees(landmark_model), rounds)
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


def _settled(image, box):
    """The box that the points in this box imply, twice."""
    for _ in range(2):
        box = box_of_points(_trees(None).fit([image], box[None])[0])
    return box


def steady_points(
    pictures: Sequence[np.ndarray], of: Sequence[int], boxes: np.ndarray, trees: Trees, rounds: Sequence[int] = ROUNDS
) -> np.ndarray:
    """Points (n, 68, 2) by rounds of fits in n boxes of gray pictures, number `of` saying in which one."""
    *first, last = rounds
    for n_fits in first:
        boxes = box_of_points(_mean_fits(pictures, of, boxes, n_fits, trees, both_ways=False))
    return _mean_fits(pictures, of, boxes, last, trees)


def _mean_fits(pictures, of, boxes, n_fits, trees, *, both_ways=True) -> np.ndarray:
    """The mean of n fits in each box, moved a little; both ways, the second half of them in the mirror image."""
    n_upright = (n_fits + 1) // 2 if both_ways else n_fits
    flipped = np.arange(n_fits) >= n_upright
    edge = np.array([pictures[number].shape[1] - 1 for number in of])[:, None]
    mirror_boxes = np.c_[edge - boxes[:, 2:3], boxes[:, 1:2], edge - boxes[:, :1], boxes[:, 3:]]
    x, y, size = JITTER[:n_fits].T
    around = calibrated(np.where(flipped[:, None], mirror_boxes[:, None], boxes[:, None]), 1 + size, x, y)
    points = trees.fit(
        pictures, around.reshape(-1, 4), of=np.repeat(of, n_fits), flipped=np.tile(flipped, len(boxes))
    ).reshape(len(boxes), n_fits, N_POINTS, 2)
    points[:, flipped] = mirrored(points[:, flipped], edge[:, None])
    return points.mean(axis=1)


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
    return dlib.cnn_face_detection_model_v1(str(_installed_model("mmod_human_face_detector.dat")))


@functools.cache
def _trees(path: Path | None) -> Trees:
    return read_trees(path or default_landmark_model())


def default_landmark_model() -> Path:
    """Path of the installed 68-point model (trained on iBUG 300-W: no commercial use)."""
    return _installed_model("shape_predictor_68_face_landmarks.dat")


def _installed_model(name) -> Path:
    """The package is located, not imported: importing it needs setuptools' removed `pkg_resources`."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise LineamentError(
            "The 68-point landmark model is missing. Run: pip install face_recognition_models, "
            "or give another one with --landmark-model FILE."
        )
    return Path(spec.origin).parent / "models" / name


@functools.cache
def extractor_version(detector: str, landmark_model: Path | None = None) -> str:
    """A short hash of all that decides the points of a picture: settings, code, model files, libraries."""
    model = Path(landmark_model or default_landmark_model())
    if not model.is_file():
        raise LineamentError(f"There is no landmark model at {model}. Check --landmark-model.")
    here = Path(__file__).parent
    code = ("detector.py", "opencv.py", "view.py", "quality.py", "trees.py")
    files: Sequence[Path] = [model, *(here / name for name in code)]
    if detector == "yunet":
        files = [*files, opencv.yunet_model()]
    digest = hashlib.blake2b(digest_size=8)
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "blake2b").digest())
    digest.update(repr((detector, dlib.__version__, cv2.__version__)).encode())
    return f"{detector}-{digest.hexdigest()}"
