"""Tables on the terminal."""

from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

PLAIN_COLUMNS = 100  # width of what goes to a file or a pipe


def table_for(file: TextIO) -> Table:
    """An empty table; lines are drawn only on a terminal that can show them."""
    return Table(box=SIMPLE_HEAD if file.isatty() and shows(file, "─") else None, pad_edge=False)


def print_table(table: Table, file: TextIO, *, plain_columns: int = PLAIN_COLUMNS) -> None:
    """Print it; colour is for a terminal alone, and what goes to a file or a pipe has `plain_columns`."""
    terminal = file.isatty()
    Console(
        file=file, force_terminal=terminal, force_jupyter=False, highlight=False, markup=False,
        width=None if terminal else plain_columns,
    ).print(table)  # fmt: skip


def shows(file: TextIO, characters: str) -> bool:
    """Whether the stream's encoding has these characters."""
    try:
        characters.encode(file.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
