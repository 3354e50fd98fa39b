"""CSV tables inside a folder or archive, streamed row by row."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence

from .archive import ARCHIVE_ERRORS, Tree
from .errors import LineamentError
from .reader import Rows, shown

MAX_LINE = 2**17  # characters: a 48x48 picture needs 9,000; also the csv module's own limit of a field
MAX_HEADERS = 64  # tables whose header is looked at, so that a folder of a million tables is no trap


def tables(tree: Tree) -> list[str]:
    return [name for name in tree.files if name.lower().endswith((".csv", ".tsv"))]


def header(tree: Tree, name: str) -> list[str]:
    """Column names of a table, stripped (some files write " pixels"); [] where it cannot be read as one."""
    try:
        with tree.open(name) as stream:
            first = next(_cells(stream), [])
    except (*ARCHIVE_ERRORS, csv.Error, LineamentError):
        return []
    return [cell.strip() for cell in first]


def tables_with(tree: Tree, *columns: str) -> list[str]:
    """Tables that have all these columns."""
    return [name for name in tables(tree)[:MAX_HEADERS] if set(columns) <= set(header(tree, name))]


def table_rows(
    rows: Rows, name: str, *, columns: Sequence[str] | None = None, strict: bool = False
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (key, {column: cell}) of every data row; rows of another length are listed in `rows`.

    Parameters
    ----------
    rows : Rows
        Its tree holds the table.
    name : str
    columns : column names of a table that comes with and without a header; default the first row
    strict : bool
        Refuse a row of another length, because rows are counted.

    Raises
    ------
    LineamentError
        If the table cannot be read to its end.
    """
    try:
        with rows.tree.open(name) as stream:
            for number, cells in enumerate(_cells(stream), start=1):
                cells = [cell.strip() for cell in cells]
                if columns is None:
                    columns = cells
                elif number == 1 and cells[: len(columns)] == list(columns):
                    pass  # the header, present after all
                elif any(cells):
                    key = f"{name}:{number}"
                    if len(cells) >= len(columns) and not any(cells[len(columns) :]):
                        yield key, dict(zip(columns, cells))
                    elif strict:
                        raise LineamentError(f"{key} has {len(cells)} columns, not {len(columns)}: rows are missing.")
                    else:
                        rows.skip(key, f"{len(cells)} columns instead of {len(columns)}")
    except (*ARCHIVE_ERRORS, csv.Error) as error:
        raise LineamentError(f"The table {shown(name)} in {rows.tree.path} cannot be read: {error}.") from error


def _cells(stream) -> Iterator[list[str]]:
    lines = _lines(stream)
    first = next(lines, "")
    yield from csv.reader(_chained(first, lines), delimiter=_delimiter(first))


def _lines(stream) -> Iterator[str]:
    """Lines of bounded length; a line that is no UTF-8 is taken for Windows-1252, so that its words stay apart."""
    wide = stream.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
    text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")
    try:
        while line := text.readline(MAX_LINE):
            if len(line) >= MAX_LINE:
                raise LineamentError(f"A line of more than {MAX_LINE} characters: this is no table of pictures.")
            yield line if line.isascii() else _western(line)
    finally:
        text.detach()  # who opened the stream closes it


def _western(line: str) -> str:
    """A line as it is, or where bytes of it were no UTF-8 by Windows-1252, which is Latin-1 where that has letters."""
    try:
        line.encode()
    except UnicodeEncodeError:
        content = line.encode("utf-8", "surrogateescape")
        try:
            return content.decode("cp1252")
        except UnicodeDecodeError:  # five bytes mean nothing there
            return content.decode("latin-1")
    return line


def _chained(first, rest):
    yield first
    yield from rest


def _delimiter(line: str) -> str:
    """The separator of a first line: a comma, or where it has none what spreadsheets of other countries write."""
    return next((mark for mark in ",;\t" if mark in line), ",")
