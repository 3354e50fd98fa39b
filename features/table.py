"""What models are given of n faces: tables of named measurements, one a view, and crops; row i is face i everywhere."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class FeatureTable:
    """Measurements of n faces.

    Parameters
    ----------
    X : ndarray of shape (n, d), float
        NaN where a face has no measurement.
    names : tuple of d str
    family : tuple of d str
        The family that each column belongs to.
    """

    X: np.ndarray
    names: tuple[str, ...]
    family: tuple[str, ...]

    def __post_init__(self):
        if self.X.shape != (len(self.X), len(self.names)):
            raise ValueError(f"X has shape {self.X.shape} for {len(self.names)} names")
        if len(self.family) != len(self.names):
            raise ValueError(f"{len(self.family)} families for {len(self.names)} names")

    def __len__(self):
        return len(self.X)

    @property
    def families(self) -> dict[str, list[int]]:
        """Columns by family, in the order in which families first occur."""
        columns = {}
        for column, family in enumerate(self.family):
            columns.setdefault(family, []).append(column)
        return columns

    def take(self, rows) -> "FeatureTable":
        return replace(self, X=self.X[rows])


@dataclass(frozen=True)
class Inputs:
    """Views of n faces as models take them.

    Parameters
    ----------
    views : tuple of FeatureTable
        The faces as they are, then their mirror images where those are looked at as well: the same n rows and
        the same columns. Empty where no model takes measurements.
    crops : ndarray of shape (n, h, w), uint8, or None
        Gray faces, where a model takes them.
    """

    views: tuple[FeatureTable, ...] = ()
    crops: np.ndarray | None = None

    def __post_init__(self):
        sizes = {len(table) for table in self.views} | (set() if self.crops is None else {len(self.crops)})
        if len(sizes) != 1:
            raise ValueError(f"Views and crops must be there for the same faces, not for {sorted(sizes)}")
        if len({table.names for table in self.views}) > 1:
            raise ValueError("All views must have the same columns")

    def __len__(self):
        return len(self.views[0]) if self.views else len(self.crops)

    @property
    def table(self) -> FeatureTable:
        """The faces as they are."""
        return self.views[0]

    def take(self, rows) -> "Inputs":
        return Inputs(tuple(table.take(rows) for table in self.views), None if self.crops is None else self.crops[rows])

    @classmethod
    def concatenate(cls, parts: "list[Inputs]") -> "Inputs":
        """Faces of several parts, one after the other."""
        views = tuple(
            replace(tables[0], X=np.concatenate([table.X for table in tables]))
            for tables in zip(*(part.views for part in parts))
        )
        crops = None if parts[0].crops is None else np.concatenate([part.crops for part in parts])
        return cls(views, crops)
