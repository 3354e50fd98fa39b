"""What every figure is drawn on: themes, axes and colours. The only module that imports matplotlib.

A Display holds the numbers of one figure: `frame()` returns them, `plot(ax)` draws them, `size` is in inches.
Colours come from the theme in force, so one Display gives the light and the dark picture. Sizes are small (under
five inches), so that text stays readable where a phone shows the figure at its full width.
"""

import io
from dataclasses import dataclass

import matplotlib
import matplotlib.ticker
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

DPI = 192  # two device pixels a CSS pixel
COLORS = 128  # of a drawing: no difference to the eye, a third of the bytes
WIDTH = 4.6  # inches
NARROW = 3.6
# Lines that are told apart by colour-blind readers too (Okabe and Ito 2008), on light and on dark paper.
LINES = {
    "light": ("#0072b2", "#b0532a", "#00795a", "#a8487e", "#6b6100", "#3a8fc0", "#555555", "#8b1a1a"),
    "dark": ("#79b8d6", "#e59a6f", "#4fc39c", "#e19bc4", "#d9ca4c", "#a8d4ec", "#bbbbbb", "#f08080"),
}
LONG = 64  # letters of a line: longer ones are names of the user's own, and are cut
LETTERS = 6  # to so many an inch of the figure's width
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
            ax = axes(None, display.size, place)
            display.plot(ax)
            fit_labels(ax)
            canvas = ax.figure.canvas
            canvas.draw()  # once; `savefig` would draw it twice
            place = ax.get_position(original=True)
            image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        if not getattr(display, "photographic", False):
            image = image.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        file = io.BytesIO()
        image.save(file, "PNG")
        images[name] = file.getvalue()
    return images


def fit_labels(ax):
    """Cut labels that would leave no place for what is drawn; datasets may call theirs by hundreds of letters."""
    most = int(LETTERS * ax.figure.get_figwidth())
    for axis in (ax.xaxis, ax.yaxis):
        names = [label.get_text() for label in axis.get_ticklabels()]
        if any(len(line) > LONG for name in names for line in name.splitlines()):
            axis.set_ticklabels([_cut(name, most) for name in names])
    for text in ax.figure.findobj(Text):
        text.set_text(_cut(text.get_text(), most))


def _cut(text, most):
    """The text with the middle taken out of its long lines: beginning and end tell names apart."""
    lines = text.split("\n")
    return "\n".join(f"{line[: most - 8]}…{line[-7:]}" if len(line) > LONG else line for line in lines)


def clearer(background, *colors):
    """The colour of `colors` that stands out most from `background`, by the contrast ratio of WCAG 2."""

    def luminance(color):
        rgb = np.array(matplotlib.colors.to_rgb(color))
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)

    def contrast(color):
        low, high = sorted((luminance(color), luminance(background)))
        return (high + 0.05) / (low + 0.05)

    return max(colors, key=contrast)


def axes(ax, size, place=None):
    """`ax`, or new axes on a figure of this size in inches; `place` is a position that was found before."""
    if ax is not None:
        return ax
    figure = Figure(figsize=size, layout=None if place else "constrained", dpi=DPI)
    FigureCanvasAgg(figure)
    return figure.add_axes(place) if place else figure.add_subplot()


def percent_axis(ax, axis="x"):
    """Marks in percent, with lines across."""
    getattr(ax, f"{axis}axis").set_major_formatter(matplotlib.ticker.PercentFormatter(1.0, decimals=None))
    ax.grid(axis=axis)


def bare(ax):
    """Axes without a frame."""
    for side in ax.spines.values():
        side.set_visible(False)


def line_styles(n: int) -> list[dict]:
    """Colours and dashes of n lines in the theme in force; no two alike up to 32."""
    colors = LINES["dark" if current_theme() is DARK else "light"]
    return [{"color": colors[i % len(colors)], "ls": DASHES[i // len(colors) % len(DASHES)]} for i in range(n)]


def colour_map(*colors):
    """Colours in between, from the first to the last."""
    return LinearSegmentedColormap.from_list("shades", colors)


def whole_numbers(axis, most=10):
    """Marks at whole numbers alone, at most as many."""
    axis.set_major_locator(matplotlib.ticker.MaxNLocator(most, integer=True))


def plain_numbers(axis, low, high):
    """Numbers of a logarithmic axis as people write them: powers of ten, and some between where these are few."""
    subs = (1.0,) if high > 100 * low else (1.0, 2.0, 5.0)
    axis.set_major_locator(matplotlib.ticker.LogLocator(subs=subs))
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda x, _: f"{x:,.4g}"))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())
