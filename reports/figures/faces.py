"""Figures of faces: measurements drawn on a face, and small pictures."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ...features import FEATURES
from ...landmarks.layout import CLOSED, CONTOURS
from .canvas import WIDTH, axes, current_theme


@dataclass(frozen=True)
class FeatureFacesDisplay:
    """Each feature drawn on the same face: the contours thin, the feature's strokes thick, its rank beside.

    `points` (68, 2), y down; `features` names in `features.FEATURES`.
    """

    points: np.ndarray
    features: tuple[str, ...]
    columns: int = 4

    @property
    def size(self):
        across, down = self._step()
        return WIDTH, WIDTH * down / across / self.columns * -(-len(self.features) // self.columns)

    def _step(self):
        """From one face to the next, across and down."""
        return np.ptp(self.points, axis=0) * (1.3, 1.2)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"rank": range(1, len(self.features) + 1), "feature": self.features})

    def plot(self, ax=None):
        ax = axes(ax, self.size)
        step = self._step()
        for place, name in enumerate(self.features):
            row, column = divmod(place, self.columns)
            self._draw(ax, self.points + step * (column, row), name, str(place + 1))
        ax.set_aspect("equal")
        ax.invert_yaxis()
        ax.set_axis_off()
        return ax

    @staticmethod
    def _draw(ax, points, name, rank):
        theme = current_theme()
        for contour, indices in CONTOURS.items():
            line = points[list(indices + indices[:1] if contour in CLOSED else indices)]
            ax.plot(*line.T, color=theme.muted, lw=0.7, alpha=0.75)
        for stroke in FEATURES[name].draw(points):
            ax.plot(*stroke.T, color=theme.second, lw=1.8, solid_capstyle="round")
            ax.plot(*stroke[[0, -1]].T, "o", color=theme.second, ms=2.8)
        ax.text(*points.min(axis=0), rank, size=8, weight="bold", ha="left", va="top")


@dataclass(frozen=True)
class ClusterFacesDisplay(FeatureFacesDisplay):
    """Each cluster drawn on the same face: the feature that names it thick, its relatives thin.

    `ranks` are written beside the faces; `relatives` are names by the name of the cluster.
    """

    ranks: tuple[int, ...] = ()
    relatives: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"rank": self.ranks, "feature": self.features})

    def _draw(self, ax, points, name, rank):
        super()._draw(ax, points, name, str(self.ranks[int(rank) - 1]))
        for relative in self.relatives[name]:
            for stroke in FEATURES[relative].draw(points):
                ax.plot(*stroke.T, color=current_theme().second, lw=0.6, alpha=0.6)


@dataclass(frozen=True)
class TilesDisplay:
    """Small pictures in a grid, each under its caption."""

    tiles: tuple[np.ndarray, ...]
    captions: tuple[str, ...]
    columns: int = 4
    photographic = True  # of many colours, which a drawing's palette would spoil

    @property
    def size(self):
        return WIDTH, 1.35 * -(-len(self.tiles) // self.columns)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"caption": self.captions})

    def plot(self, ax=None):
        ax = axes(ax, self.size)
        ax.set_axis_off()
        rows = -(-len(self.tiles) // self.columns)
        for place, (tile, caption) in enumerate(zip(self.tiles, self.captions)):
            row, column = divmod(place, self.columns)
            inset = ax.inset_axes((column / self.columns, 1 - (row + 1) / rows, 0.95 / self.columns, 0.84 / rows))
            inset.imshow(tile)
            inset.set_title(caption, size=7, weight="normal", loc="center", pad=3)
            inset.set_axis_off()
        return ax
