"""Answers as CSV, JSON lines or Parquet, by the suffix of the file; rows are written as they come."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from ..classifiers.predicting import Answered, Predictor
from ..data import LineamentError
from ..landmarks.tables import FaceRow
from ..landmarks.walk import Walk
from . import face_table

TEXTS = ("input", "model", "label", "label_set")
WHOLE, YES_OR_NO = ("frame", "face_id"), ("found", "unsure")
OWN = "predict"  # the style of a table that `predict` itself has
PARQUET_ROWS = 4096  # in memory at once


def check_out(out: Path, style: str) -> None:
    """Raise `LineamentError`, before any work is done, for a file that cannot be written so."""
    face_table.check_out(out)
    if out.suffix.lower() not in FORMATS:
        raise LineamentError(f"--out {out} ends in none of {', '.join(FORMATS)}, which say what is written.")
    if style != OWN and out.suffix.lower() != ".csv":
        raise LineamentError(f"--style {style} is one of CSV. Name the --out {out.with_suffix('.csv')}.")


def write_answers(out: Path, rows: Iterable[dict], columns: Sequence[str], walk: Walk) -> str:
    """Write the rows of a walk, dicts of `columns`, as they come; return what was done.

    Raises
    ------
    LineamentError
        If the file cannot be written.
    """
    with face_table.whole(out, walk) as temporary:
        FORMATS[out.suffix.lower()](temporary, rows, columns)
    return face_table.done(out, walk)


def write_styled(out: Path, answered: Iterable[Answered], predictor: Predictor, walk: Walk, *, style: str) -> str:
    """The same in the columns of OpenFace, py-feat or `lineament landmarks`, with what models say between them."""
    more = [name for name in predictor.columns if name in TEXTS[1:] or name == "unsure" or name.startswith("p_")]
    return face_table.write_table(out, _styled(answered, predictor, more), walk, style=style, more=more)


def _styled(answered, predictor, more) -> Iterator[FaceRow]:
    for one in answered:
        frame, faces = one.frame, [face for face in one.faces for _ in predictor.models] or [None]
        for row, face in zip(predictor.rows(one), faces):
            said = {name: _cell(name, row[name]) for name in more}
            yield FaceRow(frame.input, frame.number, frame.time_s, row["face_id"], face, said)


def _write_csv(path, rows, columns):
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        for row in rows:
            table.writerow({name: _cell(name, value) for name, value in row.items()})


def _write_json_lines(path, rows, columns):
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_parquet(path, rows, columns):
    import pyarrow as pa
    from pyarrow import parquet

    types = {name: pa.string() for name in TEXTS} | {name: pa.int64() for name in WHOLE}
    types |= {name: pa.bool_() for name in YES_OR_NO}
    schema = pa.schema([(name, types.get(name, pa.float64())) for name in columns])
    rows = iter(rows)
    with parquet.ParquetWriter(path, schema) as table:
        while some := list(islice(rows, PARQUET_ROWS)):
            table.write_table(pa.Table.from_pylist(some, schema))


def _cell(name, value):
    if value is None:
        return ""
    return f"{value:.8f}" if name.startswith("p_") else f"{value:.3f}" if isinstance(value, float) else value


FORMATS: dict[str, Callable] = {".csv": _write_csv, ".jsonl": _write_json_lines, ".parquet": _write_parquet}
