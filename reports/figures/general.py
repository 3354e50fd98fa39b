"""Figures of any numbers: words, bars, a histogram, curves over epochs, coloured cells."""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .canvas import NARROW, WIDTH, axes, bare, clearer, colour_map, current_theme, percent_axis, whole_numbers


@dataclass(frozen=True)
class NoteDisplay:
    """Words in place of a figure."""

    text: str
    size: tuple[float, float] = (WIDTH, 1.0)

    def frame(self):
        return pd.DataFrame({"text": [self.text]})

    def plot(self, ax=None):
        ax = axes(ax, self.size)
        ax.set_axis_off()
        ax.text(0, 0.5, "\n".join(textwrap.wrap(self.text, 60)), va="center", transform=ax.transAxes)
        return ax


@dataclass(frozen=True)
class BarsDisplay:
    """Horizontal bars of one number per name, each with its text."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    texts: tuple[str, ...]
    title: str = ""
    width: float = WIDTH

    @property
    def size(self):
        return self.width, (0.6 if self.title else 0.25) + 0.25 * len(self.names)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"name": self.names, "value": self.values})

    def plot(self, ax=None):
        ax = axes(ax, self.size)
        values = np.nan_to_num(np.array(self.values, dtype=float))
        ax.barh(range(len(values)), values, height=0.62, color=current_theme().accent)
        for place, (value, text) in enumerate(zip(values, self.texts)):
            ax.annotate(
                text,
                (value, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                size=8,
                color=current_theme().muted,
            )
        ax.set_yticks(range(len(values)), self.names)
        ax.invert_yaxis()
        ax.set_xlim(0, max(values.max(initial=0) * 1.22, 1e-9))
        ax.set_xticks([])
        ax.set_title(self.title or None)
        bare(ax)
        return ax


@dataclass(frozen=True)
class HistogramDisplay:
    """How often a number falls in each of its bins; NaN left out."""

    values: np.ndarray
    title: str
    xlabel: str
    size = (NARROW, 2.4)

    def frame(self) -> pd.DataFrame:
        counts, edges = np.histogram(self.values[np.isfinite(self.values)], bins=30)
        return pd.DataFrame({"from": edges[:-1], "to": edges[1:], "n": counts})

    def plot(self, ax=None):
        ax, frame = axes(ax, self.size), self.frame()
        ax.bar(frame["from"], frame["n"], width=(frame["to"] - frame["from"]) * 0.9, align="edge")
        ax.grid(axis="y")
        whole_numbers(ax.yaxis, 4)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(self.xlabel)
        ax.set_title(self.title)
        return ax


@dataclass(frozen=True)
class CurvesDisplay:
    """Training and validation curve of one quantity: thin lines a fit, thick line their mean."""

    history: pd.DataFrame
    quantity: str
    title: str = ""
    size = (NARROW, 2.6)

    def frame(self) -> pd.DataFrame:
        return self.history[["fit", "epoch", *self._columns()]]

    def _columns(self):
        return [f"{part}_{self.quantity}" for part in ("train", "valid") if f"{part}_{self.quantity}" in self.history]

    def plot(self, ax=None):
        ax, theme = axes(ax, self.size), current_theme()
        names = {"train": ("training", theme.accent), "valid": ("validation", theme.second)}
        for column in self._columns():
            label, color = names[column.split("_")[0]]
            for _, fit in self.history.groupby("fit", sort=False):
                ax.plot(fit["epoch"], fit[column].astype(float), color=color, lw=0.7, alpha=0.4)
            mean = self.history.groupby("epoch")[column].mean()
            ax.plot(mean.index, mean.astype(float), color=color, lw=2, label=label)
        ax.grid(axis="y")
        if self.quantity == "accuracy":
            percent_axis(ax, "y")
        whole_numbers(ax.xaxis)
        ax.set_xlabel("epoch")
        ax.set_title(self.title)
        ax.legend()
        return ax


@dataclass(frozen=True)
class EffectsDisplay:
    """Changes in points, a row a cluster and a column a label: one colour for rises, one for falls."""

    table: pd.DataFrame

    @property
    def size(self):
        return WIDTH, 0.9 + 0.36 * len(self.table)

    def frame(self) -> pd.DataFrame:
        return self.table

    def plot(self, ax=None):
        ax, theme = axes(ax, self.size), current_theme()
        values = self.table.to_numpy()
        most = max(np.abs(values).max(initial=0), 1e-9)
        shades = colour_map(theme.second, theme.paper, theme.accent)
        ax.imshow(values, cmap=shades, vmin=-most, vmax=most, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            color = clearer(shades(0.5 + value / most / 2), theme.paper, theme.ink)
            text = f"{100 * value:+.0f}".replace("-", "\u2212") if abs(value) >= 0.005 else "0"
            ax.text(column, row, text, ha="center", va="center", size=7.5, color=color)
        rows, columns = range(len(self.table)), range(len(self.table.columns))
        ax.set_xticks(columns, self.table.columns, rotation=40, ha="left", rotation_mode="anchor", size=7.5)
        ax.xaxis.tick_top()
        ax.tick_params(axis="x", labelcolor=theme.ink)
        ax.set_yticks(rows, [textwrap.fill(name, 26) for name in self.table.index], size=7.5)
        bare(ax)
        return ax
