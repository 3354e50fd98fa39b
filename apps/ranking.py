"""The ranking of a run's models as a table on the terminal."""

import math
from collections.abc import Mapping, Sequence
from typing import TextIO

from .terminal import print_table, table_for


def print_ranking(rows: Sequence[Mapping], file: TextIO) -> None:
    """Print the models in their order, baselines last.

    Parameters
    ----------
    rows : mappings with `model`, `accuracy`, `low`, `high` (its 95 % interval), `recall_macro`, `f1_macro`, `baseline`
        Scores from 0 to 1; None or NaN where there is none.
    file : text stream
        Colour and lines are drawn only on a terminal that can show them.
    """
    table = table_for(file)
    table.add_column("model", overflow="fold")
    for title in ("accuracy", "95 % interval", "macro recall", "macro F1"):
        table.add_column(title, justify="right", overflow="fold")
    for row in sorted(rows, key=lambda row: bool(row["baseline"])):
        table.add_row(*_cells(row), style="dim" if row["baseline"] else None)
    print_table(table, file)


def _cells(row) -> list[str]:
    known = not (_missing(row["low"]) or _missing(row["high"]))
    return [
        str(row["model"]),
        _percent(row["accuracy"]),
        f"{100 * row['low']:.1f} to {_percent(row['high'])}" if known else "",
        _score(row["recall_macro"]),
        _score(row["f1_macro"]),
    ]


def _percent(share) -> str:
    return "" if _missing(share) else f"{100 * share:.1f} %"


def _score(score) -> str:
    return "" if _missing(score) else f"{score:.3f}"


def _missing(number) -> bool:
    return number is None or math.isnan(number)
