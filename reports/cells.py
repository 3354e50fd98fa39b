"""Numbers to cells of a table: formatted to read, and raw to sort by."""

import numpy as np
import pandas as pd

from .blocks import Cell, Column, TableBlock
from .formats import MISSING, count, missing, points


def text_cell(text: str) -> Cell:
    """Words, sorted as they read."""
    return Cell(str(text), str(text))


def count_cell(number: int) -> Cell:
    """A whole number with commas."""
    return Cell(count(number), int(number))


def value_cell(text: str, value: float) -> Cell:
    """A number whose text is made elsewhere, as seconds and bytes are."""
    return Cell(text, None if missing(value) else float(value))


def number_cell(value: float, digits: int = 3) -> Cell:
    """A number with so many digits behind the point; a dash for NaN."""
    return value_cell(MISSING if missing(value) else f"{value:.{digits}f}", value)


def share_cell(fraction: float) -> Cell:
    """A fraction in percent, without the sign."""
    return value_cell(MISSING if missing(fraction) else f"{100 * fraction:.1f}", fraction)


def bounded_cell(value: float, low: float, high: float) -> Cell:
    """A fraction in percent, its interval as the note."""
    cell = share_cell(value)
    return cell if missing(low) else Cell(cell.text, cell.sort, f"{100 * low:.1f} to {100 * high:.1f}")


def spread_cell(mean: float, std: float, low: float = np.nan, high: float = np.nan) -> Cell:
    """Mean ± standard deviation of fractions, in percent, with the interval as its note."""
    if missing(mean) or missing(std):
        return share_cell(mean)
    note = "" if missing(low) else f"{100 * low:.1f} to {100 * high:.1f}"
    return Cell(f"{100 * mean:.1f} ± {100 * std:.1f}", mean, note)


def points_cell(difference: float, low: float = np.nan, high: float = np.nan) -> Cell:
    """A difference of fractions in points, with its sign and its interval as the note."""
    if missing(difference):
        return Cell(MISSING)
    note = "" if missing(low) else f"{points(low)} to {points(high)}"
    return Cell(points(difference), difference, note)


def p_cell(p: float) -> Cell:
    """A test's p, never smaller than < 0.001."""
    return value_cell(MISSING if missing(p) else "< 0.001" if p < 0.001 else f"{p:.3f}", p)


def power_cell(smallest: float) -> Cell:
    """The smallest difference that would have been shown, in points; “none” where no difference would have been."""
    return share_cell(smallest) if missing(smallest) or smallest < 1 else value_cell("none", smallest)


def columns_of(*titles: str, texts: int = 1) -> tuple[Column, ...]:
    """Columns of these titles, the first `texts` of them words and the others numbers."""
    return tuple(Column(title, numeric=place >= texts) for place, title in enumerate(titles))


def frame_block(frame: pd.DataFrame, caption: str, *, csv: str = "") -> TableBlock:
    """A tidy table as it is: whole numbers with commas, others with three digits, all else as words."""
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame]
    columns = tuple(Column(str(name), is_number) for name, is_number in zip(frame, numeric))
    rows = tuple(
        tuple(_plain_cell(value, is_number) for value, is_number in zip(row, numeric))
        for row in frame.itertuples(index=False)
    )
    return TableBlock(caption, columns, rows, csv=csv)


def _plain_cell(value, numeric):
    if not numeric:
        return text_cell(MISSING if pd.isna(value) else value)
    return count_cell(value) if isinstance(value, (int, np.integer)) else number_cell(value)
