"""Tidy tables to figures. The only module that imports matplotlib.

A Display holds the numbers of one figure: `frame()` returns them, `plot(ax)`
draws them. Colours come from the theme in force, so one Display gives the
light and the dark picture. Sizes are small (under five inches), so that text
stays readable where a phone shows the figure at its full width.
"""

import io
from dataclasses import dataclass, field

import matplotlib
import matplotlib.ticker
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from features.geometry import FEATURES
from landmarks.layout import CLOSED, CONTOURS
from reports.metrics import BASELINE

DPI = 192  # two device pixels a CSS pixel
COLORS = 128  # of a drawing: no difference to the eye, a third of the bytes
WIDTH = 4.6  # inches
NARROW = 3.6


@dataclass(frozen=True)
class Theme:
    """Colours of a page; `shades` run from an empty cell to a full one."""

    paper: str
    ink: str
    muted: str
    rule: str
    accent: str
    second: str
    shades: tuple[str, str]


LIGHT = Theme("#ffffff", "#1d2329", "#59636d", "#d5dadf", "#1f5f7f", "#b0532a", ("#f1f4f6", "#17506d"))
DARK = Theme("#15191d", "#e5e7e9", "#a2abb3", "#39424a", "#79b8d6", "#e59a6f", ("#1f262c", "#8cc5e0"))
THEMES = {"light": LIGHT, "dark": DARK}


def themed(theme: Theme):
    """Context in which figures are drawn in the colours of `theme`, whatever the user's matplotlibrc says."""
    settings = {key: value for key, value in matplotlib.rcParamsDefault.items() if "backend" not in key}
    settings |= {
        "figure.facecolor": theme.paper,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.rule,
        "axes.labelcolor": theme.muted,
        "axes.titlecolor": theme.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.prop_cycle": matplotlib.cycler(color=[theme.accent, theme.second]),
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "grid.color": theme.rule,
        "grid.linewidth": 0.6,
        "text.color": theme.ink,
        "text.parse_math": False,  # a label may hold a dollar sign
        "xtick.color": theme.rule,
        "ytick.color": theme.rule,
        "xtick.labelcolor": theme.muted,
        "ytick.labelcolor": theme.ink,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "image.cmap": "gray",
    }
    return matplotlib.rc_context(settings)


def current_theme() -> Theme:
    """The theme in force; light where none is."""
    return DARK if matplotlib.rcParams["figure.facecolor"] == DARK.paper else LIGHT


def png(display, theme: Theme) -> bytes:
    """The picture of a Display: the same numbers give the same bytes."""
    with themed(theme):
        ax = _axes(None, display.size)
        display.plot(ax)
        canvas = ax.figure.canvas
        canvas.draw()  # once; `savefig` would draw it twice
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    if not isinstance(display, TilesDisplay):
        image = image.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def clearer(background, *colors):
    """The colour of `colors` that stands out most from `background`, by the contrast ratio of WCAG 2."""
    def luminance(color):
        rgb = np.array(matplotlib.colors.to_rgb(color))
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)

    def contrast(color):
        low, high = sorted((luminance(color), luminance(background)))
        return (high + 0.05) / (low + 0.05)

    return max(colors, key=contrast)


def _axes(ax, size):
    if ax is not None:
        return ax
    figure = Figure(figsize=size, layout="constrained", dpi=DPI)
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def _percent(ax, axis="x"):
    getattr(ax, f"{axis}axis").set_major_formatter(matplotlib.ticker.PercentFormatter(1.0, decimals=None))
    ax.grid(axis=axis)


def _bare(ax):
    for side in ax.spines.values():
        side.set_visible(False)


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
        ax = _axes(ax, self.size)
        values = np.nan_to_num(np.array(self.values, dtype=float))
        ax.barh(range(len(values)), values, height=0.62, color=current_theme().accent)
        for place, (value, text) in enumerate(zip(values, self.texts)):
            ax.annotate(
                text, (value, place), xytext=(4, 0), textcoords="offset points", va="center", size=8,
                color=current_theme().muted,
            )
        ax.set_yticks(range(len(values)), self.names)
        ax.invert_yaxis()
        ax.set_xlim(0, max(values.max(initial=0) * 1.22, 1e-9))
        ax.set_xticks([])
        ax.set_title(self.title or None)
        _bare(ax)
        return ax


@dataclass(frozen=True)
class ScoresDisplay:
    """One score of every model: mean over the folds with its interval, the folds, the held-out part, the baseline.

    `cv` and `folds` as in `Tables`; `held_out` the score per model, or empty.
    """

    metric: str
    title: str
    cv: pd.DataFrame
    folds: pd.DataFrame
    held_out: dict[str, float] = field(default_factory=dict)

    @property
    def models(self) -> list[str]:
        return [model for model in self.cv["model"].unique() if model != BASELINE]

    @property
    def size(self):
        return 3.1, 0.95 + 0.36 * len(self.models)

    def frame(self) -> pd.DataFrame:
        return self.cv[self.cv["metric"] == self.metric].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme, frame = _axes(ax, self.size), current_theme(), self.frame().set_index("model")
        for place, model in enumerate(self.models):
            row = frame.loc[model]
            folds = self.folds.loc[self.folds["model"] == model, self.metric]
            ax.plot([row["low"], row["high"]], [place, place], color=theme.accent, lw=2.2, solid_capstyle="round")
            ax.plot(folds, np.full(len(folds), place), "|", color=theme.accent, ms=8, mew=0.8, alpha=0.55)
            ax.plot(row["mean"], place, "o", color=theme.accent, ms=6)
            if model in self.held_out:
                ax.plot(self.held_out[model], place + 0.3, "D", mfc=theme.paper, mec=theme.second, mew=1.2, ms=4.5)
        if BASELINE in frame.index:
            ax.axvline(frame.loc[BASELINE, "mean"], color=theme.muted, lw=1, ls=(0, (4, 3)))
        ax.set_yticks(range(len(self.models)), self.models)
        ax.set_ylim(len(self.models) - 0.5, -0.5)
        ax.margins(x=0.08)
        _percent(ax)
        ax.spines["left"].set_visible(False)
        ax.set_title(self.title)
        return ax


@dataclass(frozen=True)
class ConfusionDisplay:
    """Confusion matrix: colour by share of the true label's faces; share and count in each cell.

    `table` holds the rows of `Tables.confusion` of one model and part.
    """

    table: pd.DataFrame
    title: str = ""

    @property
    def labels(self) -> list[str]:
        return self.table["true"].unique().tolist()

    @property
    def size(self):
        side = max(2.4, 0.55 * len(self.labels) + 1.0)
        return side + 0.2, side

    def frame(self) -> pd.DataFrame:
        return self.table.pivot(index="true", columns="predicted", values="n").loc[self.labels, self.labels]

    def plot(self, ax=None):
        ax, theme, labels = _axes(ax, self.size), current_theme(), self.labels
        k = len(labels)
        share = self.table["share"].to_numpy().reshape(k, k)
        counts = self.table["n"].to_numpy().reshape(k, k)
        shades = LinearSegmentedColormap.from_list("shades", theme.shades)
        ax.imshow(np.nan_to_num(share), cmap=shades, vmin=0, vmax=1)
        for row, column in np.ndindex(k, k):
            if counts[row].sum():
                color = clearer(shades(share[row, column]), theme.paper, theme.ink)
                self._write(ax, row, column, share[row, column], counts[row, column], color)
        ax.set_xticks(range(k), labels, rotation=40, ha="right", rotation_mode="anchor", color=theme.ink)
        ax.set_yticks(range(k), labels)
        ax.set_xticks(np.arange(-0.5, k), minor=True)
        ax.set_yticks(np.arange(-0.5, k), minor=True)
        ax.grid(which="minor", color=theme.paper, lw=1.5)
        ax.tick_params(which="minor", length=0)
        ax.set_xlabel("the model said")
        ax.set_ylabel("the label is")
        ax.set_title(self.title)
        _bare(ax)
        return ax

    @staticmethod
    def _write(ax, row, column, share, count, color):
        ax.text(column, row - 0.12, f"{100 * share:.0f}%", ha="center", va="center", size=8.5, color=color)
        ax.text(column, row + 0.24, f"{count}", ha="center", va="center", size=6.5, color=color)


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
        ax, theme = _axes(ax, self.size), current_theme()
        names = {"train": ("training", theme.accent), "valid": ("validation", theme.second)}
        for column in self._columns():
            label, color = names[column.split("_")[0]]
            for _, fit in self.history.groupby("fit", sort=False):
                ax.plot(fit["epoch"], fit[column].astype(float), color=color, lw=0.7, alpha=0.4)
            mean = self.history.groupby("epoch")[column].mean()
            ax.plot(mean.index, mean.astype(float), color=color, lw=2, label=label)
        ax.grid(axis="y")
        if self.quantity == "accuracy":
            _percent(ax, "y")
        ax.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
        ax.set_xlabel("epoch")
        ax.set_title(self.title)
        ax.legend()
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
        ax, frame = _axes(ax, self.size), self.frame()
        ax.bar(frame["from"], frame["n"], width=(frame["to"] - frame["from"]) * 0.9, align="edge")
        ax.grid(axis="y")
        ax.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4, integer=True))
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(self.xlabel)
        ax.set_title(self.title)
        return ax


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
        ax = _axes(ax, self.size)
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
class TilesDisplay:
    """Small pictures in a grid, each under its caption."""

    tiles: tuple[np.ndarray, ...]
    captions: tuple[str, ...]
    columns: int = 4

    @property
    def size(self):
        return WIDTH, 1.35 * -(-len(self.tiles) // self.columns)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"caption": self.captions})

    def plot(self, ax=None):
        ax = _axes(ax, self.size)
        ax.set_axis_off()
        rows = -(-len(self.tiles) // self.columns)
        for place, (tile, caption) in enumerate(zip(self.tiles, self.captions)):
            row, column = divmod(place, self.columns)
            inset = ax.inset_axes((column / self.columns, 1 - (row + 1) / rows, 0.95 / self.columns, 0.84 / rows))
            inset.imshow(tile)
            inset.set_title(caption, size=7, weight="normal", loc="center", pad=3)
            inset.set_axis_off()
        return ax
