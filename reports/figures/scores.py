"""Figures of scores: models, intervals, ranks, careless protocols, growth and cost."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..baselines import BASELINE, BASELINES
from .canvas import NARROW, WIDTH, axes, current_theme, percent_axis, plain_numbers


@dataclass(frozen=True)
class ScoresDisplay:
    """One score of every model: of all folds together with its interval, the folds, the held-out part, the baseline.

    `cv` and `folds` as in the tables; `held_out` the score per model, `clean` the same without copies, or empty.
    """

    metric: str
    title: str
    cv: pd.DataFrame
    folds: pd.DataFrame
    held_out: dict[str, float] = field(default_factory=dict)
    clean: dict[str, float] = field(default_factory=dict)

    @property
    def models(self) -> list[str]:
        return [model for model in self.cv["model"].unique() if model not in BASELINES]

    @property
    def size(self):
        return 3.1, 0.95 + 0.36 * len(self.models)

    def frame(self) -> pd.DataFrame:
        return self.cv[self.cv["metric"] == self.metric].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme, frame = axes(ax, self.size), current_theme(), self.frame().set_index("model")
        for place, model in enumerate(self.models):
            row = frame.loc[model]
            folds = self.folds.loc[self.folds["model"] == model, self.metric]
            ax.plot([row["low"], row["high"]], [place, place], color=theme.accent, lw=2.2, solid_capstyle="round")
            ax.plot(folds, np.full(len(folds), place), "|", color=theme.accent, ms=8, mew=0.8, alpha=0.55)
            ax.plot(row["value"], place, "o", color=theme.accent, ms=6)
            if model in self.held_out:
                ax.plot(self.held_out[model], place + 0.3, "D", mfc=theme.paper, mec=theme.second, mew=1.2, ms=4.5)
            if model in self.clean:
                ax.plot(self.clean[model], place + 0.3, "x", color=theme.second, mew=1.2, ms=4.5)
        if BASELINE in frame.index:
            ax.axvline(frame.loc[BASELINE, "value"], color=theme.muted, lw=1, ls=(0, (4, 3)))
        ax.set_yticks(range(len(self.models)), self.models)
        ax.set_ylim(len(self.models) - 0.5, -0.5)
        ax.margins(x=0.08)
        percent_axis(ax)
        ax.spines["left"].set_visible(False)
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
        ax, theme = axes(ax, self.size), current_theme()
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
        percent_axis(ax)
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
        ax, theme = axes(ax, self.size), current_theme()
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
    """Honest and leaky accuracy joined by a line, one pair a broken rule. `table` rows of `tables.gaps`."""

    table: pd.DataFrame

    @property
    def size(self):
        return WIDTH, 0.75 + 0.42 * len(self.table)

    def frame(self) -> pd.DataFrame:
        return self.table[["rule", "honest", "leaky", "gap", "low", "high"]].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme = axes(ax, self.size), current_theme()
        for place, row in enumerate(self.table.itertuples()):
            ax.plot([row.honest, row.leaky], [place, place], color=theme.muted, lw=1.6)
            first = place == 0
            ax.plot(row.honest, place, "o", color=theme.accent, ms=7, label="honest" if first else None)
            ax.plot(
                row.leaky,
                place,
                "o",
                mfc=theme.paper,
                mec=theme.second,
                mew=1.6,
                ms=7,
                label="careless" if first else None,
            )
            gap = f"    {100 * row.gap:+.1f}".replace("-", "\u2212")
            ax.text(max(row.honest, row.leaky), place, gap, va="center", size=8)
        ax.set_yticks(range(len(self.table)), self.table["leaky_rule"].str.replace(" on ", "\non ").tolist())
        ax.set_ylim(len(self.table) - 0.4, -0.9)
        ax.margins(x=0.16)
        percent_axis(ax)
        ax.locator_params(axis="x", nbins=5)
        ax.spines["left"].set_visible(False)
        ax.legend(loc="upper left", ncols=2, bbox_to_anchor=(0, 1.0), borderaxespad=0)
        return ax


@dataclass(frozen=True)
class GrowthDisplay:
    """Macro F1 with its interval as a band, against a number on a logarithmic scale. Rows of `tables.audit_curves`."""

    table: pd.DataFrame
    xlabel: str
    title: str = ""
    size = (NARROW, 2.6)

    def frame(self) -> pd.DataFrame:
        return self.table[["at", "f1_macro", "low", "high"]].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme, frame = axes(ax, self.size), current_theme(), self.frame()
        ax.fill_between(frame["at"], frame["low"], frame["high"], color=theme.accent, alpha=0.18, lw=0)
        ax.plot(frame["at"], frame["f1_macro"], "o-", color=theme.accent, lw=1.8, ms=4.5)
        ax.set_xscale("log")
        shown = [at for at, after in zip(frame["at"], [*frame["at"][1:], np.inf]) if after / at > 1.4]
        ax.set_xticks(shown, [f"{at:,.0f}" for at in shown], size=7.5)
        ax.set_xticks([], minor=True)
        percent_axis(ax, "y")
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
        ax, theme, frame = axes(ax, self.size), current_theme(), self.frame()
        micros = 1e6 * frame["predict_seconds_per_face"]
        area = 18 + 26 * np.log2(1 + np.nan_to_num(frame["model_bytes"].astype(float)) / 1e5)
        ax.scatter(micros, frame["accuracy"], s=area, color=theme.accent, alpha=0.85, lw=0)
        for x, row in zip(micros, frame.itertuples()):
            ax.annotate(row.model, (x, row.accuracy), xytext=(7, 5), textcoords="offset points", size=8.5)
        ax.set_xscale("log")
        ax.margins(0.2)
        plain_numbers(ax.xaxis, *ax.get_xlim())
        percent_axis(ax, "y")
        ax.grid(axis="x")
        ax.set_xlabel("µs to answer for one face, from measurements or crop")
        return ax
