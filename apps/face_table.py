"""The table that commands write of the faces they met, in one of three styles; it appears whole or not at all."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..data import LineamentError
from ..data.files import temporary_beside
from ..landmarks.tables import STYLES, FaceRow, write_faces
from ..landmarks.walk import Frame, Walk


def face_rows(frame: Frame) -> Iterator[FaceRow]:
    """A row for each face of a frame, or one without a face."""
    faces = zip(frame.face_ids, frame.found) if frame.found else [(0, None)]
    for face_id, face in faces:
        yield FaceRow(frame.input, frame.number, frame.time_s, face_id, face)


def write_table(out: Path, rows: Iterable[FaceRow], walk: Walk, *, style: str, more: Sequence[str] = ()) -> str:
    """Write the rows of a walk as they come, with the columns `more` besides those of the style; return what was done.

    Raises
    ------
    LineamentError
        If the file cannot be written.
    """
    with (
        whole(out, walk) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        write_faces(rows, file, style=style, more=more)
    return done(out, walk)


@contextlib.contextmanager
def whole(out: Path, walk: Walk) -> Iterator[Path]:
    """A temporary path to write; at the end of the block it becomes `out`, if anything could be read.

    Raises
    ------
    LineamentError
        If the file cannot be written.
    """
    try:
        with temporary_beside(out) as temporary:
            out.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            if walk.any_read:
                os.replace(temporary, out)
    except OSError as error:
        raise LineamentError(f"Cannot write {out} ({error.strerror or error}). Choose another --out.") from error


def done(out: Path, walk: Walk) -> str:
    """What was read, and where the table is."""
    return f"{walk.summary}: {out}{'' if walk.any_read else ' was not written'}"


def check_out(out: Path) -> None:
    """Raise `LineamentError`, before any work is done, if `out` is a folder."""
    if out.is_dir():
        raise LineamentError(f"--out {out} is a folder. Name a file, such as {out / 'faces.csv'}.")


def add_arguments(parser, *, out: str, style: str) -> None:
    """--out and --style with the defaults of a command."""
    parser.add_argument(
        "--out", type=Path, default=Path(out), metavar="FILE",
        help=f"table with a row for each face, and one for each picture or frame without any (default: {out})",
    )  # fmt: skip
    parser.add_argument("--style", choices=sorted(STYLES), default=style, help=f"whose columns (default: {style})")


def kept(options) -> str:
    return f"{options.out} was not written."
