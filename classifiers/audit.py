"""What a careless protocol would have reported: one fast model, honest and leaky, on the same pictures.

Each comparison breaks one rule of `evaluate` and keeps the others, so that
the difference has one cause: copies, frames of one sequence and pictures of
one person are told apart in steps. Besides: cross-validation repeated on other
folds, and how the score follows the number of faces and of features.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.dataset import Dataset
from ..data.duplicates import Duplicates
from ..data.errors import LineamentError, check_choice
from .careless import AuditedPart
from .comparison import DETECTED, DUPLICATES, SELECTION, SEQUENCES, SUBJECTS, Audit, Comparison, CurvePoint
from .folds import drawn_rows, training_part
from .protocol import Protocol
from .registry import member_names
from .stored import LeftOut

__all__ = [
    "AUDITS",
    "DETECTED",
    "DUPLICATES",
    "SELECTION",
    "SEQUENCES",
    "SUBJECTS",
    "Audit",
    "Comparison",
    "CurvePoint",
    "audit",
    "audited_classifier",
]
PREFERRED = ("svm", "forest", "logreg", "lda")  # the first are the more flexible: a leak shows in what can memorise


@dataclass(frozen=True)
class AuditLevel:
    """How thorough: at most `most_rows` pictures, `repeats` cross-validations."""

    about: str
    most_rows: int
    repeats: int


LEVELS = {
    "none": None,
    "quick": AuditLevel("on up to 1,500 pictures", most_rows=1500, repeats=3),
    "full": AuditLevel("on up to 8,000 pictures, cross-validation repeated ten times", most_rows=8000, repeats=10),
}
AUDITS = {
    "none": "no such comparison",
    **{name: f"honest beside leaky protocols, {level.about}" for name, level in LEVELS.items() if level},
}


def audit(
    dataset: Dataset,
    duplicates: Duplicates,
    X: np.ndarray,
    *,
    found: np.ndarray,
    protocol: Protocol,
    classifiers: Sequence[str],
    level: str = "quick",
    n_jobs: int = 1,
) -> Audit | LeftOut | None:
    """Compare the honest protocol with careless ones on the training part.

    Parameters
    ----------
    dataset : Dataset of n pictures
    duplicates : Duplicates
    X : ndarray of shape (n, d)
        Measurements, NaN where there are none.
    found : ndarray of shape (n,), bool
        The detector saw the face.
    protocol : Protocol of the run
    classifiers : names of the run's classifiers; the most flexible of features is taken
    level : key of `LEVELS`
    n_jobs : processes; changes no result

    Returns
    -------
    Audit, or LeftOut where the drawn pictures cannot be dealt into folds, or None for the level "none"
    """
    check_choice("audit", level, LEVELS)
    if LEVELS[level] is None:
        return None
    rows = drawn_rows(training_part(dataset, duplicates), most=LEVELS[level].most_rows, seed=protocol.seed)
    try:
        chosen = audited_classifier(classifiers)
        part = AuditedPart.of(dataset, duplicates, X, found, rows, protocol, chosen, LEVELS[level].repeats)
        return part.audit(n_jobs)
    except LineamentError as error:
        return LeftOut(str(error))


def audited_classifier(classifiers: Sequence[str]) -> str:
    """The most flexible of the single classifiers that take features; "svm" where none does."""
    # Models made of others cost several times as much, and a leak shows in one as well.
    known = [name for name in classifiers if name in member_names()]
    return next((name for name in PREFERRED if name in known), known[0] if known else PREFERRED[0])
