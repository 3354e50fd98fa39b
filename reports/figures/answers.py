"""Figures of what one model answered: confusions, rates, calibration."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .canvas import NARROW, axes, bare, clearer, colour_map, current_theme, line_styles, percent_axis

MOST_WRITTEN = 15  # labels up to which the cells of a confusion matrix hold numbers
FEW = 10  # faces below which a bin of the calibration curve is drawn hollow


@dataclass(frozen=True)
class ConfusionDisplay:
    """Confusion matrix: colour by share of the true label's faces; share and count in each cell.

    `table` holds the rows of `tables.confusion` of one model and part.
    """

    table: pd.DataFrame
    title: str = ""

    @property
    def labels(self) -> list[str]:
        return self.table["true"].unique().tolist()

    @property
    def size(self):
        k = len(self.labels)
        side = max(2.4, 0.55 * k + 1.0) if k <= MOST_WRITTEN else min(9.0, 2.0 + 0.14 * k)
        return side + 0.2, side

    def frame(self) -> pd.DataFrame:
        return self.table.pivot(index="true", columns="predicted", values="n").loc[self.labels, self.labels]

    def plot(self, ax=None):
        ax, theme, labels = axes(ax, self.size), current_theme(), self.labels
        k = len(labels)
        share = self.table["share"].to_numpy().reshape(k, k)
        counts = self.table["n"].to_numpy().reshape(k, k)
        shades = colour_map(*theme.shades)
        ax.imshow(np.nan_to_num(share), cmap=shades, vmin=0, vmax=1)
        for row, column in np.ndindex(k, k):
            if k <= MOST_WRITTEN and counts[row].sum():
                color = clearer(shades(share[row, column]), theme.paper, theme.ink)
                self._write(ax, row, column, share[row, column], counts[row, column], color)
        small = {} if k <= MOST_WRITTEN else {"size": 5.5}
        turn = 40 if k <= MOST_WRITTEN else 90
        ax.set_xticks(range(k), labels, rotation=turn, ha="right", rotation_mode="anchor", color=theme.ink, **small)
        ax.set_yticks(range(k), labels, **small)
        ax.set_xticks(np.arange(-0.5, k), minor=True)
        ax.set_yticks(np.arange(-0.5, k), minor=True)
        ax.grid(which="minor", color=theme.paper, lw=1.5 if k <= MOST_WRITTEN else 0.4)
        ax.tick_params(which="minor", length=0)
        ax.set_xlabel("the model said")
        ax.set_ylabel("the label is")
        ax.set_title(self.title)
        bare(ax)
        return ax

    @staticmethod
    def _write(ax, row, column, share, count, color):
        ax.text(column, row - 0.12, f"{100 * share:.0f}%", ha="center", va="center", size=8.5, color=color)
        ax.text(column, row + 0.24, f"{count}", ha="center", va="center", size=6.5, color=color)


@dataclass(frozen=True)
class RatesDisplay:
    """ROC or precision-recall curves of one model: a line a label, their mean thick.

    `table` holds the rows of `tables.curves` of one model and curve; `areas`
    is what the legend writes after each label.
    """

    table: pd.DataFrame
    kind: str
    areas: dict[str, float] = field(default_factory=dict)
    title: str = ""
    size = (NARROW, 3.1)

    def frame(self) -> pd.DataFrame:
        return self.table[["label", "x", "y"]].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme = axes(ax, self.size), current_theme()
        *labels, mean = self.table["label"].unique()
        for label, style in zip(labels, line_styles(len(labels))):
            points = self.table[self.table["label"] == label]
            name = f"{label} {self.areas[label]:.2f}" if label in self.areas else label
            ax.plot(points["x"], points["y"], lw=1.1, label=name if len(labels) <= 8 else None, **style)
        points = self.table[self.table["label"] == mean]
        name = f"{mean} {self.areas[mean]:.2f}" if mean in self.areas else mean
        ax.plot(points["x"], points["y"], color=theme.ink, lw=2.2, label=name)
        if self.kind == "roc":
            ax.plot([0, 1], [0, 1], color=theme.muted, lw=0.9, ls=(0, (4, 3)))
        names = ("false alarms", "recall") if self.kind == "roc" else ("recall", "precision")
        ax.set_xlabel(names[0])
        ax.set_ylabel(names[1])
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1.02)
        percent_axis(ax, "x")
        percent_axis(ax, "y")
        ax.legend(fontsize=6.5, loc="lower right" if self.kind == "roc" else "lower left", handlelength=1.6)
        ax.set_title(self.title)
        return ax


@dataclass(frozen=True)
class CalibrationDisplay:
    """How often a model was right against how sure it was (the diagonal); a dot for as many faces each."""

    table: pd.DataFrame
    error: float
    title: str = ""
    size = (NARROW, 3.1)

    def frame(self) -> pd.DataFrame:
        return self.table[["from", "to", "n", "confidence", "accuracy"]].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme, frame = axes(ax, self.size), current_theme(), self.frame()
        frame = frame[frame["n"] > 0]
        few = frame["n"] < FEW
        ax.plot([0, 1], [0, 1], color=theme.muted, lw=0.9, ls=(0, (4, 3)))
        ax.bar(frame["from"], 0.02, width=frame["to"] - frame["from"], align="edge", color=theme.shades[1], alpha=0.5,
               edgecolor=theme.paper, lw=0.8)  # fmt: skip
        ax.plot(frame["confidence"][~few], frame["accuracy"][~few], "o-", color=theme.accent, lw=1.6, ms=4)
        ax.plot(frame["confidence"][few], frame["accuracy"][few], "o", mfc=theme.paper, mec=theme.accent, ms=4)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1.02)
        percent_axis(ax, "x")
        percent_axis(ax, "y")
        ax.set_xlabel("how sure the model was")
        ax.set_ylabel("how often it was right")
        ax.set_title(self.title)
        return ax
