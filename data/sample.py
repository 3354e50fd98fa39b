"""The embedded default: faces of nobody, drawn from a statistical face model.

============ ==========================================================
classes      angry, disgust, fear, happy, neutral, sad, surprise
images       840 gray 96x96: 40 subjects, each with 3 faces an emotion
subjects     drawn too: a subject is a fixed offset of the coefficients
licence      the project's own; `face_model.md` tells what was learned
============ ==========================================================

Not a photograph in it, and easier than photographs: emotions are drawn larger
(`EXPRESSIVENESS`) and less varied (`VARIETY`) than people show them. Good for
trying the pipeline; a result on it says nothing about people.
"""

import functools
import logging
from dataclasses import dataclass

import cv2
import numpy as np

from .dataset import Dataset
from .face_model import CANVAS, AppearanceModel, with_shut_lips
from .fer2013 import LABELS
from .images import ArrayImages
from .reader import Source

log = logging.getLogger(__name__)

ABOUT = (
    "Synthetic faces of nobody, drawn from a statistical face model whose means and modes were learned "
    "from FER2013's training part; the subjects are drawn as well."
)
EXPRESSIVENESS = 1.3  # times each emotion's mean offset from the mean face
VARIETY = 0.75  # times the standard deviation of the faces within an emotion
IDENTITY = 0.45  # share of the variance that a subject keeps through all its faces
LARGEST = 2.0  # standard deviations: rarer faces are drawn at this bound, far-off modes look broken
ROLL, SCALE, SHIFT = 0.05, 0.03, 1.2  # rad, relative, px: standard deviations of the head's placement
LEVEL, CONTRAST = (118.0, 12.0), (48.0, 4.0)  # gray level of the mean and of one standard deviation; their spread
SHARPENING = 0.7  # of differences from a blur of SHARPENING_PX: averaging has blurred the texture
SHARPENING_PX = 1.6
GRAIN = 2.0  # gray levels of noise, as a camera has
MAX_CLIPPED = 0.04  # share of a picture that may be pure black or white
CALMER = 0.9  # times the variety of a face each time it is drawn again
MOST_DRAWS = 30  # of a face; a sound model needs about five


@dataclass(frozen=True)
class _Sitting:
    """Who sits and what they show: one row a face."""

    subject: np.ndarray
    emotion: np.ndarray
    keys: np.ndarray


def draw_sample(*, seed: int = 0, n_subjects: int = 40, per_emotion: int = 3) -> Dataset:
    """Draw the sample; the same seed gives the same pictures.

    Parameters
    ----------
    seed : int
    n_subjects : int
    per_emotion : int
        Faces of each subject in each of the seven emotions.

    Returns
    -------
    Dataset
        Of `n_subjects * 7 * per_emotion` uint8 pictures of 96x96 px; `groups`
        are subject ids such as "s07", `keys` such as "s07_happy_1".
    """
    sitting = _sitting(n_subjects, per_emotion)
    return Dataset(
        name="sample",
        images=ArrayImages(draw_faces(sitting.subject, sitting.emotion, seed=seed)),
        target=sitting.emotion,
        label_names=LABELS,
        keys=sitting.keys,
        groups=np.array([f"s{subject:02d}" for subject in sitting.subject]),
        synthetic=True,
        about=ABOUT,
    )


def _sitting(n_subjects, per_emotion) -> _Sitting:
    subject, emotion, take = (
        axis.ravel() for axis in np.mgrid[:n_subjects, : len(LABELS), :per_emotion].astype(np.int64)
    )
    keys = [f"s{s:02d}_{LABELS[e]}_{t}" for s, e, t in zip(subject, emotion, take)]
    return _Sitting(subject, emotion, np.array(keys))


def draw_faces(subject: np.ndarray, emotion: np.ndarray, *, seed: int) -> np.ndarray:
    """Pictures (n, 96, 96), uint8, of subjects (n,) and emotions (n,).

    A face whose mesh folds or whose picture is clipped is drawn again, each
    time a little closer to its emotion's mean.
    """
    model, rng = _model(), np.random.default_rng(seed)
    people = _People.draw(model, int(subject.max()) + 1, rng)
    pictures = np.empty((len(subject), 96, 96), dtype=np.uint8)
    todo, variety = np.arange(len(subject)), VARIETY
    for _ in range(MOST_DRAWS):
        coefficients = _coefficients(model, people, subject[todo], emotion[todo], variety, rng)
        points = placed(with_shut_lips(model.points(coefficients)), rng)
        drawn = _developed(model, points, model.textures(coefficients), people, subject[todo], rng)
        good = ~model.folded(points) & (clipped_share(drawn) <= MAX_CLIPPED)
        pictures[todo[good]] = drawn[good]
        todo, variety = todo[~good], variety * CALMER
        log.debug("%d faces are drawn again", len(todo))
        if not len(todo):
            return pictures
    raise RuntimeError(f"{len(todo)} faces are broken after {MOST_DRAWS} draws: the face model is damaged")


@functools.cache
def _model() -> AppearanceModel:
    return AppearanceModel.load()


@dataclass(frozen=True)
class _People:
    """Drawn subjects: `offset` (s, d) of their coefficients, `level` and `contrast` (s,) of their pictures."""

    offset: np.ndarray
    level: np.ndarray
    contrast: np.ndarray

    @classmethod
    def draw(cls, model, n, rng) -> "_People":
        return cls(
            offset=_bounded(rng, n, model.n_coefficients) @ model.pooled_spread.T,
            level=rng.normal(*LEVEL, n),
            contrast=rng.normal(*CONTRAST, n),
        )


def _bounded(rng, *shape):
    return np.clip(rng.standard_normal(shape), -LARGEST, LARGEST)


def _coefficients(model, people, subject, emotion, variety, rng):
    """Coefficients (n, d): the emotion's mean, the subject's offset, and what is this face's alone."""
    middle = model.emotion_mean.mean(axis=0)
    mean = middle + EXPRESSIVENESS * (model.emotion_mean - middle)
    expression = _bounded(rng, len(subject), model.n_coefficients)
    expression = np.einsum("nij,nj->ni", model.emotion_spread[emotion], expression)
    return mean[emotion] + variety * (np.sqrt(IDENTITY) * people.offset[subject] + np.sqrt(1 - IDENTITY) * expression)


def placed(points: np.ndarray, rng) -> np.ndarray:
    """Shapes (n, 68, 2) turned, scaled and shifted a little about the canvas' middle."""
    n = len(points)
    roll, scale = rng.normal(0, ROLL, n), np.exp(rng.normal(0, SCALE, n))
    shift = rng.normal(0, SHIFT, (n, 1, 2))
    cos, sin = scale * np.cos(roll), scale * np.sin(roll)
    turn = np.stack([np.stack([cos, -sin], axis=-1), np.stack([sin, cos], axis=-1)], axis=-2)  # (n, 2, 2)
    middle = (CANVAS - 1) / 2
    return (points - middle) @ turn.transpose(0, 2, 1) + middle + shift


def _developed(model, points, textures, people, subject, rng):
    """Textures laid on shapes, sharpened, with each subject's light and a camera's grain: uint8."""
    pictures = np.stack([model.render(shape, texture) for shape, texture in zip(points, textures)])
    pictures = np.stack([_sharpened(picture) for picture in pictures])
    pictures = people.level[subject, None, None] + people.contrast[subject, None, None] * pictures
    pictures += rng.normal(0, GRAIN, pictures.shape)
    return np.clip(np.round(pictures), 0, 255).astype(np.uint8)


def _sharpened(picture):
    return picture + SHARPENING * (picture - cv2.GaussianBlur(picture, (0, 0), SHARPENING_PX))


def clipped_share(pictures: np.ndarray) -> np.ndarray:
    """Share (n,) of the pixels that are pure black or white."""
    return ((pictures == 0) | (pictures == 255)).mean(axis=(1, 2))


SOURCE = Source(
    title="Lineament's sample",
    about="embedded synthetic faces of nobody",
    draw=draw_sample,
    classes=LABELS,
    images="840",
    subjects="40, drawn",
    split="none",
    licence="MIT, as the project",
    obtain="embedded",
)
