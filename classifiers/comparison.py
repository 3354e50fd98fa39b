"""The same model under honest and careless protocols: what reports show."""

from dataclasses import dataclass

import numpy as np

from .stored import Stored, all_restored

DETECTED, DUPLICATES, SELECTION, SUBJECTS = "detected", "duplicates", "selection", "subjects"


@dataclass(frozen=True)
class Comparison:
    """Answers of the same model under the honest rule and with one rule broken.

    `name` is one of "detected", "duplicates", "selection", "subjects";
    `honest` and `leaky` (n,) int64 class indices, -1 where a protocol scores
    no such picture. `why_not` says why there is nothing to compare, "" else.
    """

    name: str
    honest: np.ndarray
    leaky: np.ndarray
    why_not: str = ""

    def to_dict(self) -> dict:
        """Plain values, as JSON holds them."""
        return {**vars(self), "honest": self.honest.tolist(), "leaky": self.leaky.tolist()}

    @classmethod
    def from_dict(cls, document: dict) -> "Comparison":
        return cls(**{**document, "honest": np.array(document["honest"]), "leaky": np.array(document["leaky"])})


@dataclass(frozen=True)
class CurvePoint(Stored):
    """Macro F1 of every fold at one setting: `at` is a number of faces or of features."""

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
