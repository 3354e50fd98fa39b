"""Measurements as differences from the same person's neutral face.

A face at rest tells who somebody is; subtracting it leaves what the face does.
It takes a face that is *known* to be neutral, of everybody, also of those who
are predicted: CK+'s first frames are such, or a picture taken for the purpose.
Who is neutral is read from the label, so the faces that are subtracted must
leave training and scoring: their own difference is zero, which gives their
label away. One face a person is taken, not the mean of all neutral ones: a face
that stays and is part of its own reference would lie too near to it.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..data.dataset import Dataset, Skipped
from ..data.errors import LineamentError
from .registry import FEATURES
from .table import FeatureTable

REFERENCES = {
    "none": "measurements of the face alone",
    "neutral": "differences from a neutral face of the same person, which leaves training and scores",
}
NEUTRAL = "neutral"
REASON = "the neutral face that this person's other faces are compared with"


@dataclass(frozen=True)
class NeutralFaces:
    """Who is compared with which face.

    Parameters
    ----------
    of : ndarray of shape (n,), int64
        The row of each face's reference; -1 where its person has none.
    kept : ndarray of int64
        Rows that may be trained on and scored: no reference, and no copy of one.
    """

    of: np.ndarray
    kept: np.ndarray

    @property
    def without(self) -> np.ndarray:
        """Kept rows of people without a neutral face."""
        return self.kept[self.of[self.kept] < 0]


def neutral_faces(dataset: Dataset, usable: np.ndarray, digests: np.ndarray | None = None) -> NeutralFaces:
    """The first usable neutral face of every person.

    Parameters
    ----------
    dataset : Dataset of n pictures, with subjects and the label "neutral"
    usable : ndarray of shape (n,), bool
        Faces whose landmarks may serve: those that the detector saw.
    digests : ndarray of shape (n,), str, or None
        Of the pictures' content: a copy of a reference is none of the kept rows either.

    Raises
    ------
    LineamentError
        If subjects are not known, or nobody has a neutral face.
    """
    if dataset.groups is None:
        raise LineamentError(
            f"--reference neutral compares a face with another of the same person, and '{dataset.name}' does not say "
            "who is who. Leave it out, or take a dataset with subjects."
        )
    if NEUTRAL not in dataset.label_names:
        raise LineamentError(
            f"--reference neutral needs faces labelled '{NEUTRAL}'; '{dataset.name}' has the labels "
            f"{', '.join(dataset.label_names)}. Leave it out, or keep that label in --labels."
        )
    neutral = (dataset.target == dataset.label_names.index(NEUTRAL)) & np.asarray(usable)
    people, person = np.unique(dataset.groups, return_inverse=True)
    reference = np.full(len(people), -1, dtype=np.int64)
    rows = np.flatnonzero(neutral)[::-1]
    reference[person[rows]] = rows  # the first of each person is written last
    if not len(rows):
        raise LineamentError(f"No neutral face was found in '{dataset.name}': leave out --reference neutral.")
    used = np.zeros(len(dataset), dtype=bool)
    used[reference[reference >= 0]] = True
    if digests is not None:
        used |= np.isin(digests, digests[used & (digests != "")])
    return NeutralFaces(reference[person], np.flatnonzero(~used))


def relative_table(table: FeatureTable, faces: NeutralFaces) -> FeatureTable:
    """Each kept row less its reference's, angles by the shorter way round; NaN for people without one."""
    base = table.X[faces.of[faces.kept]]
    difference = table.X[faces.kept] - base
    difference[faces.of[faces.kept] < 0] = np.nan
    turns = np.array([_turn(name) for name in table.names])
    around = turns > 0
    difference[:, around] -= turns[around] * np.round(difference[:, around] / turns[around])
    return replace(table, X=difference)


def _turn(name):
    """What an angle may be changed by and stay the same direction; 0 for all other measurements."""
    if name not in FEATURES or FEATURES[name].unit != "rad":
        return 0.0
    return np.pi if name.endswith("_orientation") else 2 * np.pi  # an axis has no front end


def without_references(dataset: Dataset, faces: NeutralFaces) -> Dataset:
    """The kept rows; the others are listed in `skipped` with the reason."""
    out = np.setdiff1d(np.arange(len(dataset)), faces.kept)
    return dataset.take(faces.kept, skipped=tuple(Skipped(str(key), REASON) for key in dataset.keys[out]))


def reference_sentence(dataset: Dataset, faces: NeutralFaces) -> str:
    """What was compared with what, for a report; `dataset` before anything was left out."""
    n_people = len(np.unique(faces.of[faces.of >= 0]))
    missing = faces.without
    people = len(np.unique(dataset.groups[missing]))
    text = (
        f"Measurements are differences from one neutral face of the same person ({n_people:,} people). That takes a "
        "face known to be neutral, by its label, of everybody, also of those who are predicted; a single picture of a "
        f"stranger has none. These {len(dataset) - len(faces.kept):,} faces, copies included, are neither trained on "
        "nor scored."
    )
    if len(missing):
        text += (
            f" {people:,} people have no usable neutral face: their {len(missing):,} faces have no measurements, and "
            "medians stand in for them."
        )
    return text
