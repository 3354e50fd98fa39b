"""`lineament measure PATH… --features aus,pose --out FILE`: measurements of every face in pictures, folders, videos."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from ..data import LineamentError
from ..features import FAMILIES, FeatureTable, Measures, measure
from ..features.exchange import in_style
from ..landmarks.inputs import inputs_at
from ..landmarks.tables import FaceRow
from ..landmarks.walk import Frame
from . import face_table, inputs, values
from .command import Command
from .inputs import walk_of
from .parser import Hints, choice_lines

DEFAULT = "aus,pose"
EPILOG = """\
Lengths are in distances between the outer eye corners (IOD), areas in squares of it, angles in radians, times in
seconds, points and boxes in pixels. Action units are estimates from points and skin, 0 for a usual face, signed and
without an upper end: no FACS codes, whatever their columns are called. OpenFace's AU01_c and the like (present or not),
what py-feat has beyond our units, places in space and gaze stay empty or away: there is no honest value for them. A
picture or frame without a face keeps its row, with empty cells.
"""


def call(options) -> int:
    """Read the files and print what was found; 1 where none could be read."""
    measures = Measures(_families(options.features))
    face_table.check_out(options.out)
    walk = walk_of(options, inputs_at(options.paths))
    names, families = measures.columns
    columns = in_style(FeatureTable(np.empty((0, len(names))), names, families), options.style).names
    rows = (row for frame in walk for row in _measured(frame, measures, options.style))
    with threadpool_limits(1, "blas"):  # of so small products the threads would wait longer for each other than work
        done = face_table.write_table(options.out, rows, walk, style=options.style, more=columns)
    print(f"{done}, {len(names):,} measurements of each face" if walk.any_read else done)
    return 0 if walk.any_read else 1


def _measured(frame: Frame, measures: Measures, style: str) -> Iterator[FaceRow]:
    """The rows of a frame with their measurements; the row without a face has none."""
    if not frame.found:
        yield from face_table.face_rows(frame)
        return
    table = in_style(measure(frame.faces, measures).table, style)
    for row, numbers in zip(face_table.face_rows(frame), table.X.tolist()):
        yield replace(row, more=dict(zip(table.names, map(_cell, numbers))))


def _cell(number) -> str:
    return "" if np.isnan(number) else f"{number:.6g}"


def _families(text) -> tuple[str, ...]:
    try:
        return values.names(text)
    except ValueError as error:
        raise LineamentError(f"--features: {text!r} {error}.") from error


def add_arguments(parser) -> None:
    inputs.add_arguments(parser)
    face_table.add_arguments(parser, out="measures.csv", style="lineament")
    about = f"families of measurements, comma-separated (default: {DEFAULT})"
    listed = choice_lines({name: family.about for name, family in FAMILIES.items()})
    parser.add_argument(
        "--features", default=DEFAULT, metavar="LIST", choices=Hints(FAMILIES), help="\n".join([about, *listed])
    )


COMMAND = Command(
    "measure", "Measurements of every face in pictures, folders and videos, as a CSV.", add_arguments, call,
    face_table.kept, EPILOG,
)  # fmt: skip
