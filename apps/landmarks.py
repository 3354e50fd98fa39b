"""`lineament landmarks PATH… --out FILE [--draw DIR]`: 68 points of every face in pictures, folders and videos."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import cv2

from ..data import LineamentError
from ..data.files import write_atomically
from ..landmarks.drawing import drawn
from ..landmarks.video import video_writer
from . import face_table, inputs
from .command import Command
from .inputs import Frame, Input, inputs_at, tell, walk_of


def call(options) -> int:
    """Read the files and print what was found; 1 where none could be read."""
    face_table.check_out(options.out)
    sources = inputs_at(options.paths, but=options.draw)
    places = drawing_places(sources, options.draw) if options.draw else {}
    walk = walk_of(options, sources)
    rows = (row for frame in _drawing(walk, places) for row in face_table.face_rows(frame))
    print(face_table.write_table(options.out, rows, walk, style=options.style))
    return 0 if walk.any_read else 1


def drawing_places(sources: Sequence[Input], folder: Path) -> dict[Input, Path]:
    """Where each input is drawn; no two drawings share a place.

    Raises
    ------
    LineamentError
        If a drawing would be written over what is to be read.
    """
    read, places = {source.path.resolve() for source in sources}, {}
    taken = set()
    for source in sources:
        place = places[source] = _free(folder / _drawing_name(source), taken)
        taken.add(place)
        if place.resolve() in read:
            raise LineamentError(f"--draw {folder} would write over {place}. Choose another folder.")
    return places


def _drawing_name(source):
    return source.within if source.is_video else source.within.with_suffix(".png")


def _free(path, taken):
    """face.png, or face-2.png where face.jpg and face.bmp are drawn both."""
    number, free = 1, path
    while free in taken:
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def _drawing(frames: Iterable[Frame], places) -> Iterator[Frame]:
    """The same frames, each drawn where its input has a place."""
    for source, of_one in groupby(frames, key=lambda frame: frame.source):
        with contextlib.ExitStack() as stack:
            draw = None if source in places else _nothing
            for frame in of_one:
                draw = draw or stack.enter_context(_canvas(frame, places[source]))
                draw(frame)
                yield frame


@contextlib.contextmanager
def _canvas(frame, place):
    """Yield a function that draws each frame of an input; a video is there, whole, at the end of the block."""
    if frame.video is None:
        yield lambda frame: _draw_picture(frame, place)
        return
    with video_writer(place, rate=frame.video.rate, size=frame.video.size) as (actual, write):
        if actual != place:
            tell(frame.source, f"no codec is at hand for such a video: its frames go to {actual}")
        yield lambda frame: write(drawn(frame.image, frame.found))


def _draw_picture(frame, place):
    _, content = cv2.imencode(".png", drawn(frame.image, frame.found))
    write_atomically(place, lambda file: file.write(content.tobytes()))


def _nothing(frame):
    pass


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
