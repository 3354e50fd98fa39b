"""Models asked about the faces of pictures and videos, frame by frame: what Python and the commands share.

A picture goes the way that the evaluation sent it: faces are found by the detector of the recipe, points and boxes
rounded as there, measured by the same functions, and the answer is the mean of the same views. Two things differ. The
evaluation takes one face a picture, on a photo the largest; here every face is answered, the largest first. And where
the detector sees none, the evaluation asks about a box that covers the frame; here that is done when asked for alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ..data.errors import LineamentError
from ..data.points import COLUMNS as POINT_COLUMNS
from ..landmarks.faces import faces_in
from ..landmarks.find import find_face
from ..landmarks.fitting import Face
from ..landmarks.inputs import Input, inputs_of
from ..landmarks.look import TOGETHER, TOGETHER_BYTES
from ..landmarks.walk import Frame, Walk
from .abstention import UNSURE
from .doubt import refusal_threshold, set_thresholds
from .model import FaceModel

BOX_COLUMNS = ("left", "top", "right", "bottom")
BETWEEN = "|"  # the labels of a set


@dataclass(frozen=True)
class Asked:
    """What is wanted of models beside probabilities.

    Parameters
    ----------
    risk : 0.05, 0.1, 0.2 or None
        Fills `unsure`, which is False throughout without: among the answers that stay at most this share is wrong.
    sets : 0.8, 0.9, 0.95 or None
        Adds `label_set`: all labels that cannot be ruled out at this level, joined by "|".
    points : bool
        Adds the 68 points.
    answer_missed : bool
        Answer pictures as well in which the detector sees no face, as the evaluation did: their `found` is False.
    follow : bool
        Follow faces between the frames of a video; False looks for them in every frame.
    """

    risk: float | None = None
    sets: float | None = None
    points: bool = False
    answer_missed: bool = False
    follow: bool = True


@dataclass(frozen=True, eq=False)
class Answered:
    """A frame, the faces asked about, and the probabilities (n, k) that each model gives them, in the models' order."""

    frame: Frame
    faces: Sequence[Face]
    proba: tuple[np.ndarray, ...]

    @property
    def face_ids(self) -> list[int]:
        """Of the faces: those of the frame, and 0 for one that was missed."""
        return self.frame.face_ids or [0] * len(self.faces)


class Predictor:
    """One or several models, asked about the same faces.

    Parameters
    ----------
    models : mapping of name to FaceModel
    asked : Asked

    Raises
    ------
    LineamentError
        If a model cannot be asked so, or the models look for faces in different ways.
    """

    def __init__(self, models: Mapping[str, FaceModel], asked: Asked = Asked()):
        self.models, self.asked = dict(models), asked
        for name, model in self.models.items():
            try:
                model.check_alone()
                if asked.risk is not None:
                    refusal_threshold(model.recipe.refusal, asked.risk)
                if asked.sets is not None:
                    set_thresholds(model.recipe.sets, asked.sets)
            except LineamentError as error:
                raise LineamentError(f"{name}: {error}") from error
        finders = {model.finder for model in self.models.values()}
        if len(finders) > 1:
            told = ", ".join(f"{name}: {model.finder.detector}" for name, model in self.models.items())
            raise LineamentError(f"These models find faces in different ways ({told}). Ask them one after the other.")
        (self.finder,) = finders

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of all models, in their order."""
        return tuple(dict.fromkeys(label for model in self.models.values() for label in labels_of(model)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the table; `model` where there are several."""
        return (
            "input", "frame", "timestamp", "face_id", *(["model"] if len(self.models) > 1 else []),
            "found", *BOX_COLUMNS, "label", "unsure", *(["label_set"] if self.asked.sets is not None else []),
            *(f"p_{label}" for label in self.labels), *(POINT_COLUMNS if self.asked.points else ()),
        )  # fmt: skip

    def walk(self, inputs: Iterable[Input], **options) -> Walk:
        """Go through inputs, with faces found as the models learned them; options as of `Walk`."""
        finder = self.finder
        return Walk(
            inputs, detector=finder.detector, landmark_model=finder.landmark_model, follow=self.asked.follow, **options
        )

    def answered(self, frames: Iterable[Frame], *, at_once: int = TOGETHER) -> Iterator[Answered]:
        """Every frame with its answers, in order; up to `at_once` are held and answered together."""
        held, n_bytes = [], 0
        for frame in frames:
            held.append(frame)
            n_bytes += frame.image.nbytes
            if len(held) >= at_once or n_bytes > TOGETHER_BYTES:
                yield from self._answers(held)
                held, n_bytes = [], 0
        yield from self._answers(held)

    def _answers(self, frames):
        faces = [self._faces(frame) for frame in frames]
        if not any(faces):
            yield from (Answered(frame, [], self._nothing) for frame in frames)
            return
        seen = faces_in([(frame.image, of) for frame, of in zip(frames, faces)])
        with threadpool_limits(1, "blas"):  # of so small products the threads would wait longer than work
            proba = [model.predict_proba(seen) for model in self.models.values()]
        ends = np.cumsum([len(of) for of in faces])
        for frame, of, end in zip(frames, faces, ends):
            yield Answered(frame, of, tuple(one[end - len(of) : end] for one in proba))

    @property
    def _nothing(self):
        return tuple(np.zeros((0, len(labels_of(model)))) for model in self.models.values())

    def _faces(self, frame) -> Sequence[Face]:
        if frame.found or not self.asked.answer_missed:
            return frame.found
        finder = self.finder
        face = find_face(frame.image, detector=finder.detector, landmark_model=finder.landmark_model)
        return [face if finder.on_miss == "fallback" else replace(face, points=np.full_like(face.points, np.nan))]

    def rows(self, answered: Answered) -> Iterator[dict]:
        """Rows of the table as dicts of `columns`, one a face and model; without a label where no face is."""
        frame = answered.frame
        where = {"input": frame.input, "frame": frame.number, "timestamp": frame.time_s}
        blank = dict.fromkeys(self.columns)
        if not answered.faces:
            yield blank | where | {"face_id": 0, "found": False}
            return
        told = [self._told(name, proba, answered.faces) for name, proba in zip(self.models, answered.proba)]
        for number, (face_id, face) in enumerate(zip(answered.face_ids, answered.faces)):
            place = {"face_id": face_id, "found": bool(face.found)} | dict(zip(BOX_COLUMNS, map(float, face.box)))
            points = dict(zip(POINT_COLUMNS, face.points.T.ravel().tolist())) if self.asked.points else {}
            for of_model in told:
                yield blank | where | place | of_model[number] | points

    def unsure(self, model: FaceModel, proba: np.ndarray) -> np.ndarray:
        """Mask (n,) of the faces whose answer breaks the risk that was asked for."""
        if self.asked.risk is None:
            return np.zeros(len(proba), dtype=bool)
        return model.answers(proba, risk=self.asked.risk) == UNSURE

    def _told(self, name, proba, faces) -> list[dict]:
        """What one model says of each of n faces: cells by column."""
        model, asked = self.models[name], self.asked
        labels, unsure = labels_of(model), self.unsure(model, proba)
        rows = [
            {"label": labels[row.argmax()], "unsure": bool(doubt)}
            | {f"p_{label}": float(p) for label, p in zip(labels, row)}
            for row, doubt in zip(proba, unsure)
        ]
        if asked.sets is not None:
            found = np.array([face.found for face in faces], dtype=bool)
            kept = model.label_sets(proba, level=asked.sets, found=found)
            for row, of in zip(rows, kept):
                row["label_set"] = BETWEEN.join(np.array(labels, dtype=object)[of])
        if len(self.models) > 1:
            rows = [{"model": name} | row for row in rows]
        return rows

    def table(self, rows: Iterable[dict]) -> pd.DataFrame:
        """Rows as a table with the types of the columns, whichever cells are empty."""
        table = pd.DataFrame(list(rows), columns=list(self.columns))
        numbers = [
            *BOX_COLUMNS,
            *(f"p_{label}" for label in self.labels),
            *(POINT_COLUMNS if self.asked.points else ()),
        ]
        return table.astype(
            {"frame": int, "timestamp": float, "face_id": int, "found": bool, "unsure": "boolean"}
            | dict.fromkeys(numbers, float)
        )


def labels_of(model: FaceModel) -> tuple[str, ...]:
    """What the columns of its probabilities are called."""
    return model.recipe.labels or tuple(map(str, model.pipeline.classes_))


def predicted(model: FaceModel, pictures, **options) -> pd.DataFrame:
    """See `FaceModel.predict`."""
    predictor = Predictor({model.recipe.classifier: model}, Asked(**options))
    walk = predictor.walk(inputs_of(pictures))
    table = predictor.table(row for answered in predictor.answered(walk) for row in predictor.rows(answered))
    if not walk.any_read:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in walk.skipped[:3])
        raise LineamentError(f"Nothing could be read{f' ({reasons})' if reasons else ': there is no picture'}.")
    table.attrs["skipped"] = list(walk.skipped)
    return table


def iter_predicted(model: FaceModel, pictures, **options) -> Iterator[pd.DataFrame]:
    """See `FaceModel.iter_predict`."""
    predictor = Predictor({model.recipe.classifier: model}, Asked(**options))
    for answered in predictor.answered(predictor.walk(inputs_of(pictures)), at_once=1):
        yield predictor.table(predictor.rows(answered))
