"""Gray pictures written as numbers in a table: the layout of FER2013's CSV files and their kin."""

from collections.abc import Callable, Sequence

from .reader import Rows
from .table import table_rows

SIDE = 48  # px


def pixels_of(text: str) -> bytes:
    """The picture's bytes, row by row, from its numbers 0 to 255 parted by spaces.

    Raises
    ------
    ValueError
        If a number is none or out of range, or there are not 48x48.
    """
    try:
        pixels = bytes(map(int, text.split()))
    except ValueError as error:
        raise ValueError("pixels that are not numbers from 0 to 255") from error
    if len(pixels) != SIDE * SIDE:
        raise ValueError(f"{len(pixels)} pixels instead of {SIDE * SIDE}")
    return pixels


def label_of(text: str, labels: Sequence[str]) -> str:
    """The label of a number as datasets write it ("3", "3.0"); raises ValueError where there is none."""
    try:
        number = float(text)
        if number != int(number) or not 0 <= number < len(labels):
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise ValueError(f"label {text[:20]!r} is not a number from 0 to {len(labels) - 1}") from error
    return labels[int(number)]


def add_pixel_rows(rows: Rows, table: str, label: Callable[[dict], str]) -> None:
    """Take every row of a table with columns pixels and perhaps Usage; `label(row)` raises ValueError if bad."""
    for key, row in table_rows(rows, table):
        try:
            rows.add(key, label(row), part=row.get("Usage", ""), pixels=pixels_of(row["pixels"]))
        except ValueError as error:
            rows.skip(key, str(error))
