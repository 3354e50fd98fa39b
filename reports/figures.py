"""Tidy tables to figures. The only module that imports matplotlib.

A Display holds the numbers of one figure: `frame()` returns them, `plot(ax)`
draws them. Colours come from the theme in force, so one Display gives the
light and the dark picture. Sizes are small (under five inches), so that text
stays readable where a phone shows the figure at its full width.
"""

import io
import textwrap
from dataclasses import dataclass, field

import matplotlib
import matplotlib.ticker
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from ..features import FEATURES
from ..landmarks.layout import CLOSED, CONTOURS
from .metrics import BASELINE, BASELINES

DPI = 192  # two device pixels a CSS pixel
COLORS = 128  # of a drawing: no difference to the eye, a third of the bytes
WIDTH = 4.6  # inches
NARROW = 3.6
MOST_WRITTEN = 15  # labels up to which the cells of a confusion matrix hold numbers
FEW = 10  # faces below which a bin of the calibration curve is drawn hollow
# Lines that are told apart by colour-blind readers too (Okabe and Ito 2008), on light and on dark paper.
LINES = {
    "light": ("#0072b2", "#b0532a", "#00795a", "#a8487e", "#6b6100", "#3a8fc0", "#555555", "#8b1a1a"),
    "dark": ("#79b8d6", "#e59a6f", "#4fc39c", "#e19bc4", "#d9ca4c", "#a8d4ec", "#bbbbbb", "#f08080"),
}
DASHES = ("-", "--", ":", "-.")


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
    return pngs(display, {"": theme})[""]


def pngs(display, themes: dict[str, Theme]) -> dict[str, bytes]:
    """The pictures of a Display by theme. The layout is found once, which is a third of the work."""
    images, place = {}, None
    for name, theme in themes.items():
        with themed(theme):
            ax = _axes(None, display.size, place)
            display.plot(ax)
            canvas = ax.figure.canvas
            canvas.draw()  # once; `savefig` would draw it twice
            place = ax.get_position(original=True)
            image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        if not isinstance(display, TilesDisplay):
            image = image.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        file = io.BytesIO()
        image.save(file, "PNG")
        images[name] = file.getvalue()
    return images


def clearer(background, *colors):
    """The colour of `colors` that stands out most from `background`, by the contrast ratio of WCAG 2."""
    def luminance(color):
        rgb = np.array(matplotlib.colors.to_rgb(color))
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)

    def contrast(color):
        low, high = sorted((luminance(color), luminance(background)))
        return (high + 0.05) / (low + 0.05)

    return max(colors, key=contrast)


def _axes(ax, size, place=None):
    if ax is not None:
        return ax
    figure = Figure(figsize=size, layout=None if place else "constrained", dpi=DPI)
    FigureCanvasAgg(figure)
    return figure.add_axes(place) if place else figure.add_subplot()


def _percent(ax, axis="x"):
    getattr(ax, f"{axis}axis").set_major_formatter(matplotlib.ticker.PercentFormatter(1.0, decimals=None))
    ax.grid(axis=axis)


def _bare(ax):
    for side in ax.spines.values():
        side.set_visible(False)


@dataclass(frozen=True)
class NoteDisplay:
    """Words in place of a figure."""

    text: str
    size: tuple[float, float] = (WIDTH, 1.0)

    def frame(self):
        return pd.DataFrame({"text": [self.text]})

    def plot(self, ax=None):
        ax = _axes(ax, self.size)
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
        return [model for model in self.cv["model"].unique() if model not in BASELINES]

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
        k = len(self.labels)
        side = max(2.4, 0.55 * k + 1.0) if k <= MOST_WRITTEN else min(9.0, 2.0 + 0.14 * k)
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
class EffectsDisplay:
    """Changes in points, a row a cluster and a column a label: one colour for rises, one for falls."""

    table: pd.DataFrame

    @property
    def size(self):
        return WIDTH, 0.9 + 0.36 * len(self.table)

    def frame(self) -> pd.DataFrame:
        return self.table

    def plot(self, ax=None):
        ax, theme = _axes(ax, self.size), current_theme()
        values = self.table.to_numpy()
        most = max(np.abs(values).max(initial=0), 1e-9)
        shades = LinearSegmentedColormap.from_list("changes", (theme.second, theme.paper, theme.accent))
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
        _bare(ax)
        return ax


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


def line_styles(n: int) -> list[dict]:
    """Colours and dashes of n lines in the theme in force; no two alike up to 32."""
    colors = LINES["dark" if current_theme() is DARK else "light"]
    return [{"color": colors[i % len(colors)], "ls": DASHES[i // len(colors) % len(DASHES)]} for i in range(n)]


@dataclass(frozen=True)
class RatesDisplay:
    """ROC or precision-recall curves of one model: a line a label, their mean thick.

    `table` holds the rows of `Tables.curves` of one model and curve; `areas`
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
        ax, theme = _axes(ax, self.size), current_theme()
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
        _percent(ax, "x")
        _percent(ax, "y")
        ax.legend(fontsize=6.5, loc="lower right" if self.kind == "roc" else "lower left", handlelength=1.6)
        ax.set_title(self.title)
        return ax


@dataclass(frozen=True)
class CalibrationDisplay:
    """How often a model was right (bars) against how sure it was (the diagonal), with the number of faces below."""

    table: pd.DataFrame
    error: float
    title: str = ""
    size = (NARROW, 3.1)

    def frame(self) -> pd.DataFrame:
        return self.table[["from", "to", "n", "confidence", "accuracy"]].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme, frame = _axes(ax, self.size), current_theme(), self.frame()
        frame = frame[frame["n"] > 0]
        share = frame["n"] / frame["n"].sum()
        few = frame["n"] < FEW
        ax.plot([0, 1], [0, 1], color=theme.muted, lw=0.9, ls=(0, (4, 3)))
        ax.bar(frame["from"], share, width=frame["to"] - frame["from"], align="edge", color=theme.shades[1], alpha=0.3)
        ax.plot(frame["confidence"][~few], frame["accuracy"][~few], "o-", color=theme.accent, lw=1.6, ms=4)
        ax.plot(frame["confidence"][few], frame["accuracy"][few], "o", mfc=theme.paper, mec=theme.accent, ms=4)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1.02)
        _percent(ax, "x")
        _percent(ax, "y")
        ax.set_xlabel("how sure the model was")
        ax.set_ylabel("how often it was right")
        ax.set_title(self.title)
        return ax


@dataclass(frozen=True)
class IntervalsDisplay:
    """A value with its interval per name, and a line for the whole; grouped names carry their group's title.

    `table`: `group`, `name`, `value`, `low`, `high`.
    """

    table: pd.DataFrame
    whole: float = np.nan
    title: str = ""

    @property
    def size(self):
        return WIDTH, 0.6 + 0.2 * (len(self.table) + self.table["group"].nunique())

    def frame(self) -> pd.DataFrame:
        return self.table.reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme = _axes(ax, self.size), current_theme()
        place, places, names = 0.0, [], []
        for group, rows in self.table.groupby("group", sort=False):
            if group:
                ax.text(
                    0, place, f" {group}", size=8, weight="bold", transform=ax.get_yaxis_transform(), va="center",
                    bbox={"fc": theme.paper, "ec": "none", "pad": 1},
                )  # fmt: skip
                place += 1
            for row in rows.itertuples():
                ax.plot([row.low, row.high], [place, place], color=theme.accent, lw=2, solid_capstyle="round")
                ax.plot(row.value, place, "o", color=theme.accent, ms=4.5)
                places.append(place)
                names.append(row.name)
                place += 1
        if np.isfinite(self.whole):
            ax.axvline(self.whole, color=theme.muted, lw=1, ls=(0, (4, 3)))
        ax.set_yticks(places, names, size=7.5)
        ax.set_ylim(place - 0.4, -0.8)
        ax.spines["left"].set_visible(False)
        _percent(ax)
        ax.set_title(self.title)
        return ax


@dataclass(frozen=True)
class RanksDisplay:
    """Critical-difference plot: mean ranks on a line, bars join the models that are not told apart (Demšar 2006)."""

    names: tuple[str, ...]
    ranks: tuple[float, ...]
    critical_difference: float
    groups: tuple[tuple[int, ...], ...]

    @property
    def size(self):
        return WIDTH, 1.0 + 0.16 * len(self.names) + 0.12 * len(self.groups)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"model": self.names, "mean_rank": self.ranks}).sort_values("mean_rank", ignore_index=True)

    def plot(self, ax=None):
        ax, theme = _axes(ax, self.size), current_theme()
        k, half = len(self.names), -(-len(self.names) // 2)
        for place, index in enumerate(np.argsort(self.ranks, kind="stable")):
            left = place < half
            depth = 1.2 + 0.35 * len(self.groups) + 0.75 * (place if left else k - 1 - place)
            edge = 1 - 0.1 * k if left else k + 0.1 * k
            rank = self.ranks[index]
            ax.plot([rank, rank, edge], [0, depth, depth], color=theme.muted, lw=0.8)
            text = f"{self.names[index]} {rank:.2f}" if left else f"{rank:.2f} {self.names[index]}"
            side = "right" if left else "left"
            ax.text(edge, depth, f" {text} ", ha=side, va="center", size=8)
        for level, group in enumerate(self.groups):
            ends = [self.ranks[group[0]] - 0.04, self.ranks[group[-1]] + 0.04]
            ax.plot(ends, [0.45 + 0.35 * level] * 2, color=theme.second, lw=3, solid_capstyle="round")
        ax.plot([1, 1 + self.critical_difference], [-1.1, -1.1], color=theme.ink, lw=1.4, marker="|", ms=6)
        ax.text(1, -1.5, f"critical difference {self.critical_difference:.2f}", size=7.5, color=theme.muted)
        ax.plot([1, k], [0, 0], color=theme.ink, lw=1)
        for rank in range(1, k + 1):
            ax.plot([rank, rank], [0, -0.2], color=theme.ink, lw=1)
            ax.text(rank, -0.3, str(rank), ha="center", va="bottom", size=8)
        ax.set_xlim(1 - 0.32 * k, k + 0.32 * k)
        ax.set_ylim(1.6 + 0.35 * len(self.groups) + 0.75 * half, -2.3)
        ax.set_axis_off()
        return ax


@dataclass(frozen=True)
class GapsDisplay:
    """Honest and leaky accuracy joined by a line, one pair a broken rule. `table` rows of `Tables.gaps`."""

    table: pd.DataFrame

    @property
    def size(self):
        return WIDTH, 0.75 + 0.42 * len(self.table)

    def frame(self) -> pd.DataFrame:
        return self.table[["rule", "honest", "leaky", "gap", "low", "high"]].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme = _axes(ax, self.size), current_theme()
        for place, row in enumerate(self.table.itertuples()):
            ax.plot([row.honest, row.leaky], [place, place], color=theme.muted, lw=1.6)
            first = place == 0
            ax.plot(row.honest, place, "o", color=theme.accent, ms=7, label="honest" if first else None)
            ax.plot(row.leaky, place, "o", mfc=theme.paper, mec=theme.second, mew=1.6, ms=7,
                    label="careless" if first else None)
            gap = f"    {100 * row.gap:+.1f}".replace("-", "\u2212")
            ax.text(max(row.honest, row.leaky), place, gap, va="center", size=8)
        ax.set_yticks(range(len(self.table)), self.table["leaky_rule"].str.replace(" on ", "\non ").tolist())
        ax.set_ylim(len(self.table) - 0.4, -0.9)
        ax.margins(x=0.16)
        _percent(ax)
        ax.spines["left"].set_visible(False)
        ax.legend(loc="upper left", ncols=2, bbox_to_anchor=(0, 1.0), borderaxespad=0)
        return ax


@dataclass(frozen=True)
class GrowthDisplay:
    """Macro F1 with its interval as a band, against a number on a logarithmic scale. Rows of `Tables.audit_curves`."""

    table: pd.DataFrame
    xlabel: str
    title: str = ""
    size = (NARROW, 2.6)

    def frame(self) -> pd.DataFrame:
        return self.table[["at", "f1_macro", "low", "high"]].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme, frame = _axes(ax, self.size), current_theme(), self.frame()
        ax.fill_between(frame["at"], frame["low"], frame["high"], color=theme.accent, alpha=0.18, lw=0)
        ax.plot(frame["at"], frame["f1_macro"], "o-", color=theme.accent, lw=1.8, ms=4.5)
        ax.set_xscale("log")
        shown = [at for at, after in zip(frame["at"], [*frame["at"][1:], np.inf]) if after / at > 1.4]
        ax.set_xticks(shown, [f"{at:,.0f}" for at in shown], size=7.5)
        ax.set_xticks([], minor=True)
        _percent(ax, "y")
        ax.set_xlabel(self.xlabel)
        ax.set_title(self.title)
        return ax


@dataclass(frozen=True)
class CostDisplay:
    """Accuracy against the time to answer for one face, a dot a model; its area grows with the model's file."""

    table: pd.DataFrame
    size = (WIDTH, 2.9)

    def frame(self) -> pd.DataFrame:
        return self.table[["model", "accuracy", "predict_seconds_per_face", "model_bytes"]].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme, frame = _axes(ax, self.size), current_theme(), self.frame()
        micros = 1e6 * frame["predict_seconds_per_face"]
        area = 18 + 26 * np.log2(1 + np.nan_to_num(frame["model_bytes"].astype(float)) / 1e5)
        ax.scatter(micros, frame["accuracy"], s=area, color=theme.accent, alpha=0.85, lw=0)
        for x, row in zip(micros, frame.itertuples()):
            ax.annotate(row.model, (x, row.accuracy), xytext=(7, 5), textcoords="offset points", size=8.5)
        ax.set_xscale("log")
        ax.margins(0.2)
        ax.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda x, _: f"{x:,.4g}"))
        ax.xaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
        _percent(ax, "y")
        ax.grid(axis="x")
        ax.set_xlabel("µs to answer for one face, from measurements or crop")
        return ax
