"""What a model's answers rest on: numbers that reports show, whatever they were found by."""

from dataclasses import asdict, dataclass

import numpy as np

from .ablation import Ablated, Stability
from .clusters import Cluster
from .stored import Stored, all_restored, restored

COLUMNS = "columns"  # the provider that alters columns of measurements


@dataclass(frozen=True)
class Importance(Stored):
    """Macro F1 that is lost when the columns of a feature, cluster or family are shuffled together among the faces.

    `drops` one a repeat; `low`, `high` the 95 % interval of their mean, from
    resampled faces (whole groups). The model stays as it was fitted.
    """

    name: str
    n_features: int
    drops: tuple[float, ...]
    low: float
    high: float

    @property
    def drop(self) -> float:
        return float(np.mean(self.drops))


@dataclass(frozen=True)
class Effect(Stored):
    """Mean change of every class's probability when a cluster goes from low to high, all else as it is.

    The feature that names it goes from its 10th to its 90th percentile, `low`
    to `high`; its relatives go with it, those with a negative correlation
    down.
    """

    name: str
    low: float
    high: float
    changes: tuple[float, ...]


@dataclass(frozen=True)
class Move(Stored):
    """A cluster of one face, and what it adds to the probability of the answer.

    `value` and the training `median` are of the feature that names it.
    `change` is the probability as it is less the one with medians in place of
    the whole cluster: positive for what speaks for the answer.
    """

    name: str
    value: float
    median: float
    change: float


@dataclass(frozen=True)
class FaceExplained:
    """Why one face got its answer.

    `moves`, the largest first. With `flips_after` clusters at their medians,
    those that speak for the answer most first, it becomes `flips_to`; None
    where it stays.
    """

    row: int
    predicted: int
    probability: float
    moves: tuple[Move, ...]
    flips_after: int | None
    flips_to: int | None

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict) -> "FaceExplained":
        return cls(**{**document, "moves": all_restored(Move, document["moves"])})


@dataclass(frozen=True)
class Explanation:
    """What a model's answers rest on, as `explain` found it.

    Parameters
    ----------
    classifier : str
    n_train, n_folds : int
        Rows that the model was fitted on, in each of `n_folds` folds.
    rows : ndarray of shape (n,), int64
        Rows of the dataset that it was questioned on; it was fitted on none of them in the fold that asks.
    score : float
        Macro F1 on these rows as they are.
    n_candidates : int
        Features that the model sees, out of which `features` were picked.
    clusters : tuple of Cluster
    features, related, families : tuples of Importance, the most important first
        Single features that a screen picked, all clusters, all families.
    effects : tuple of Effect
        Of the most important clusters.
    ablation : tuple of Ablated
    stability : tuple of Stability
    faces : tuple of FaceExplained
    seconds : float
    provider : str
        What was changed to see what answers rest on: "columns" of the measurements.
    """

    classifier: str
    n_train: int
    n_folds: int
    rows: np.ndarray
    score: float
    n_candidates: int
    clusters: tuple[Cluster, ...]
    features: tuple[Importance, ...]
    related: tuple[Importance, ...]
    families: tuple[Importance, ...]
    effects: tuple[Effect, ...]
    ablation: tuple[Ablated, ...]
    stability: tuple[Stability, ...]
    faces: tuple[FaceExplained, ...]
    seconds: float
    provider: str = COLUMNS

    def to_dict(self) -> dict:
        """Plain values, as JSON holds them."""
        return asdict(self) | {"rows": self.rows.tolist()}

    @classmethod
    def from_dict(cls, document: dict) -> "Explanation":
        """The explanation of `to_dict`, through JSON or not."""
        parts = {name: all_restored(kind, document[name]) for name, kind in PARTS.items()}
        return cls(**{**document, **parts, "rows": np.array(document["rows"], dtype=np.int64),
                      "score": restored(document["score"])})  # fmt: skip


PARTS = {
    "clusters": Cluster,
    "features": Importance,
    "related": Importance,
    "families": Importance,
    "effects": Effect,
    "ablation": Ablated,
    "stability": Stability,
    "faces": FaceExplained,
}
