"""Figure of risk against coverage."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .canvas import WIDTH, axes, current_theme, line_styles, percent_axis

FEW = 10  # answered faces below which a curve is noise and is not drawn


@dataclass(frozen=True)
class RiskCoverageDisplay:
    """Share of wrong answers against the share of faces answered: a line a model, a band around the first.

    `table` holds the rows of `tables.risk_coverage`; `shares` (risk, share
    answered by the first model, share of wrong ones, whether it was promised)
    are marked, promised ones filled and with their numbers.
    """

    table: pd.DataFrame
    first: str
    shares: tuple[tuple[float, float, float, bool], ...] = field(default_factory=tuple)
    title: str = ""
    size = (WIDTH, 3.3)

    def frame(self) -> pd.DataFrame:
        return self.table[["model", "coverage", "n", "risk", "low", "high"]].reset_index(drop=True)

    def plot(self, ax=None):
        ax, theme, frame = axes(ax, self.size), current_theme(), self.frame()
        frame = frame[(frame["n"] >= FEW) | (frame["coverage"] == 1)]
        others = [model for model in frame["model"].unique() if model != self.first]
        first = frame[frame["model"] == self.first]
        ax.fill_between(first["coverage"], first["low"], first["high"], color=theme.accent, alpha=0.16, lw=0)
        for model, style in zip(others, line_styles(len(others) + 1)[1:]):
            points = frame[frame["model"] == model]
            ax.plot(points["coverage"], points["risk"], lw=1.1, alpha=0.9, label=model, **style)
        ax.plot(first["coverage"], first["risk"], color=theme.accent, lw=2.2, label=self.first)
        top = self._top(frame, first)
        for risk, share, measured, promised in self.shares:
            ax.axhline(risk, color=theme.muted, lw=0.7, ls=(0, (2, 3)), zorder=0)
            if share > 0:
                fill = theme.second if promised else theme.paper
                ax.plot(share, measured, "o", mfc=fill, mec=theme.second, mew=1.2, ms=6 if promised else 4.5, zorder=5)
            if share > 0 and promised:
                ax.annotate(
                    f"{100 * share:.0f}%", (share, measured), xytext=(5, -11), textcoords="offset points", size=7.5,
                    color=theme.second,
                )  # fmt: skip
        self._mark_all(ax, theme, first)
        ax.set_xlim(0, 1.0)
        ax.set_ylim(0, top)
        percent_axis(ax, "x")
        percent_axis(ax, "y")
        ax.set_xlabel("share of the faces that get an answer, the surest first")
        ax.set_ylabel("share of wrong answers")
        handles, names = ax.get_legend_handles_labels()
        ax.legend(
            handles[-1:] + handles[:-1], names[-1:] + names[:-1], loc="upper left", fontsize=7.5, handlelength=1.8
        )
        ax.set_title(self.title)
        return ax

    @staticmethod
    def _top(frame, first):
        highest = max(frame["risk"].max(), first["high"][first["coverage"] > 0.2].max(), 0.25)
        return min(1.0, 1.12 * (0.25 if np.isnan(highest) else highest))

    @staticmethod
    def _mark_all(ax, theme, first):
        """The error over all faces, at the right end."""
        if len(first):
            error = first["risk"].iloc[-1]
            ax.plot(1, error, "o", color=theme.accent, ms=6, clip_on=False, zorder=6)
            ax.annotate(
                f"all faces: {100 * error:.1f}%", (1, error), xytext=(-6, -15), textcoords="offset points", ha="right",
                size=8, color=theme.accent,
            )  # fmt: skip
