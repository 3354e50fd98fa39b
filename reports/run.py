"""`Run`: everything that a report is made from, so that no model is fitted again."""

from dataclasses import dataclass, field

import numpy as np

from ..classifiers.audit import Audit
from ..classifiers.evaluate import Evaluation, Protocol
from ..classifiers.explain import Explanation
from ..data.dataset import Dataset, Skipped
from ..data.duplicates import Duplicates
from ..features.table import FeatureTable
from ..landmarks import Faces
from .excerpt import Excerpt


@dataclass(frozen=True)
class Failure:
    """A step that did not end, and why; the evaluation stands without it."""

    step: str
    reason: str

    def to_dict(self) -> dict:
        return {"step": self.step, "reason": self.reason}

    @classmethod
    def from_dict(cls, stored: dict) -> "Failure":
        return cls(**stored)


@dataclass(frozen=True)
class Run:
    """One finished run: n pictures and what was made of them.

    Parameters
    ----------
    dataset : Dataset
    landmarks : Faces
    duplicates : Duplicates
    table : FeatureTable
    families : tuple of str
        Feature families in `table`.
    evaluations : tuple of Evaluation
        At least one, all of them on the same rows and folds.
    protocol : Protocol
    detector : str
    on_miss : {"fallback", "drop"}
    config : dict
        Flags as they were used, underscores in the names; None where a flag was not given.
    seconds : dict of str to float
        Wall time of the steps, such as "load", "landmarks", "features", "evaluate".
    skipped : tuple of Skipped
        Files and pictures that were seen and left out.
    command : str
        The command line that made the run.
    n_landmarks_fresh : int or None
        Pictures whose landmarks were computed, not read from the cache; None where unknown.
    landmark_seconds : float or None
        From picture to landmarks, per face on one core; None where it was not measured.
    peak_memory : int or None
        Bytes that the largest process of the run held.
    model_bytes : dict of str to int
        Size of the model files, by model.
    audit : Audit or None
        The same model under careless protocols.
    explanation : Explanation or None
        What the answers of the model that came first rest on.
    failures : tuple of Failure
        Steps after the evaluation, such as "audit", that did not end.
    versions : dict of str to str
        What was installed; empty for "look it up when the report is written".
    excerpt : Excerpt or None
        What pages show of pictures and landmarks; None for "take it when the report is written".

    Raises
    ------
    ValueError
        If the parts disagree on the number of rows, or the evaluations on their folds.
    """

    dataset: Dataset
    landmarks: Faces
    duplicates: Duplicates
    table: FeatureTable
    families: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]
    protocol: Protocol
    detector: str
    on_miss: str
    config: dict = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    command: str = ""
    n_landmarks_fresh: int | None = None
    landmark_seconds: float | None = None
    peak_memory: int | None = None
    model_bytes: dict[str, int] = field(default_factory=dict)
    audit: Audit | None = None
    explanation: Explanation | None = None
    failures: tuple[Failure, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    excerpt: Excerpt | None = None

    def __post_init__(self):
        if not self.evaluations:
            raise ValueError("A report needs at least one evaluation.")
        self._check_rows()
        names = [evaluation.name for evaluation in self.evaluations]
        if len(set(names)) < len(names):
            raise ValueError(f"Two evaluations share a name: {', '.join(names)}.")
        first = self.evaluations[0]
        for evaluation in self.evaluations:
            if not np.array_equal(evaluation.target, self.dataset.target):
                raise ValueError(f"The targets of '{evaluation.name}' are not those of the dataset.")
            if not np.array_equal(evaluation.fold, first.fold):
                raise ValueError(f"'{evaluation.name}' and '{first.name}' differ in their folds: they do not compare.")

    def _check_rows(self):
        sizes = {
            "dataset": len(self.dataset),
            "landmarks": len(self.landmarks),
            "duplicates": len(self.duplicates.copy_of),
            "table": len(self.table.X),
            **{evaluation.name: len(evaluation.target) for evaluation in self.evaluations},
        }
        if len(set(sizes.values())) > 1:
            raise ValueError(f"The parts of a run differ in their rows: {sizes}.")
