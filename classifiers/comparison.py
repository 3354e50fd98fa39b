"""The same model under honest and careless protocols: what reports show."""

from dataclasses import dataclass

import numpy as np

from .stored import Stored, all_restored

DUPLICATES, SEQUENCES, SUBJECTS = "duplicates", "sequences", "subjects"  # steps, each from the one before it
DETECTED, SELECTION = "detected", "selection"


@dataclass(frozen=True)
class Comparison:
    """Answers of the same model under the honest rule and with one rule broken.

    `name` is one of "duplicates", "sequences", "subjects", "detected",
    "selection"; `honest` and `leaky` (r, n) int64 class indices in r
    cross-validations on different folds, -1 where a protocol scores no such
    picture. `why_not` says why there is nothing to compare, "" else; `share`
    of the pictures are dealt or fitted otherwise under the two rules.
    """

    name: str
    honest: np.ndarray
    leaky: np.ndarray
    why_not: str = ""
    share: float = 1.0

    def to_dict(self) -> dict:
        """Plain values, as JSON holds them."""
        return {**vars(self), "honest": _packed(self.honest), "leaky": _packed(self.leaky)}

    @classmethod
    def from_dict(cls, document: dict) -> "Comparison":
        return cls(**document | {name: _unpacked(document[name]) for name in ("honest", "leaky")})


def _packed(answers):
    """A text a cross-validation: a number a line would make long files of them."""
    return [" ".join(map(str, one)) for one in answers.tolist()]


def _unpacked(stored):
    """Answers (r, n); an earlier version wrote the numbers of one cross-validation."""
    rows = [one.split() for one in stored] if stored and isinstance(stored[0], str) else [stored]
    return np.array(rows, dtype=np.int64)


@dataclass(frozen=True)
class CurvePoint(Stored):
    """Macro F1 of every fold, or of every fold of several draws, at one setting: `at` faces or features."""

    at: float
    f1_macro: tuple[float, ...]


@dataclass(frozen=True)
class Audit:
    """What careless protocols would have reported beside the honest one.

    Parameters
    ----------
    classifier, selector : str
        The model, and the selector of the "selection" comparison, which keeps `n_features`.
    n_features : int
    rows : ndarray of shape (n,), int64
        Rows of the dataset that took part: all that are trained on, or whole groups drawn from them.
    comparisons : tuple of Comparison
    repeats : ndarray of shape (r, cv)
        Accuracy of every fold in r cross-validations on different folds.
    fold_sizes : (float, float)
        Pictures scored and trained on in a fold, as means.
    learning, features : tuples of CurvePoint
    seconds : float
    """

    classifier: str
    selector: str
    n_features: int
    rows: np.ndarray
    comparisons: tuple[Comparison, ...]
    repeats: np.ndarray
    fold_sizes: tuple[float, float]
    learning: tuple[CurvePoint, ...]
    features: tuple[CurvePoint, ...]
    seconds: float

    def to_dict(self) -> dict:
        """Plain values, as JSON holds them."""
        arrays = {"rows": self.rows.tolist(), "repeats": self.repeats.tolist()}
        parts = {name: [one.to_dict() for one in getattr(self, name)] for name in PARTS}
        return {**vars(self), **arrays, **parts}

    @classmethod
    def from_dict(cls, document: dict) -> "Audit":
        """The audit of `to_dict`, through JSON or not."""
        arrays = {"rows": np.array(document["rows"]), "repeats": np.array(document["repeats"])}
        parts = {name: all_restored(kind, document[name]) for name, kind in PARTS.items()}
        return cls(**{**document, **arrays, **parts, "fold_sizes": tuple(document["fold_sizes"])})


PARTS = {"comparisons": Comparison, "learning": CurvePoint, "features": CurvePoint}
