"""`lineament landmarks PATH… --out FILE [--draw DIR]`: 68 points of every face in pictures, folders and videos."""

from pathlib import Path

from ..landmarks.drawing import drawn
from ..landmarks.inputs import inputs_at
from . import face_table, inputs
from .command import Command
from .drawings import drawing, drawing_places
from .inputs import walk_of


def call(options) -> int:
    """Read the files and print what was found; 1 where none could be read."""
    face_table.check_out(options.out)
    sources = inputs_at(options.paths, but=options.draw)
    places = drawing_places(sources, options.draw) if options.draw else {}
    walk = walk_of(options, sources)
    rows = (row for frame in drawing(walk, places, _drawn) for row in face_table.face_rows(frame))
    print(face_table.write_table(options.out, rows, walk, style=options.style))
    return 0 if walk.any_read else 1


def _drawn(frame):
    return drawn(frame.image, frame.found)


def add_arguments(parser) -> None:
    inputs.add_arguments(parser)
    face_table.add_arguments(parser, out="faces.csv", style="openface")
    parser.add_argument(
        "--draw", type=Path, metavar="DIR",
        help="pictures and videos with the points drawn in, under their own names; frames where a video has no codec",
    )  # fmt: skip


COMMAND = Command(
    "landmarks", "68 points of every face in pictures, folders and videos, as a CSV.", add_arguments, call,
    face_table.kept,
)  # fmt: skip
