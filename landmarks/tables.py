"""Faces as CSV tables with columns of our own, of OpenFace or of py-feat: written and read.

Written are the columns of OpenFace's `-2Dfp -pose` for a video with several faces, and those of py-feat's `Fex` that
follow from points, each in the order of those tools; our own columns stand behind them, and further ones, such as
measurements, where the tools have theirs: in between. Read are also the tables of OpenFace before version 2 (no
face_id, a space after each comma), of its FaceLandmarkImg (`face` in place of frame, face_id, timestamp and success)
and of early py-feat (no FaceScore).

Baltrušaitis et al., "OpenFace 2.0", FG 2018; Cheong et al., "Py-Feat", Affective Science 2023.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..data.errors import LineamentError, check_choice
from ..data.points import COLUMNS as POINT_COLUMNS
from ..data.points import landmark_style
from .fitting import Face, box_of_points
from .layout import N_POINTS
from .quality import head_pose

LARGEST = 1e12  # px or s, that a cell may hold
BOX_COLUMNS = ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight")
CONFIDENT_SCORE = 1.0  # OpenFace's confidence lies in 0 to 1: that of a face with this HOG score or more is 1
LOWEST_SCORE = -1.0
IDENTITY = "Person_"  # py-feat's names: Person_0, Person_1, …


@dataclass(frozen=True)
class FaceRow:
    """One face of a picture or frame. `face` is None where none was seen; `frame` counts from 1.

    `more` are cells of further columns, or of the style's own in place of what it would write there.
    """

    input: str
    frame: int
    time_s: float
    face_id: int
    face: Face | None
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TableStyle:
    """Column names before and behind further ones, cells of a row by column, and the row again from cells."""

    front: tuple[str, ...]
    back: tuple[str, ...]
    cells: Callable[[FaceRow], dict]
    row: Callable[[dict], FaceRow]
    about: str

    def header(self, more: Sequence[str] = ()) -> tuple[str, ...]:
        """All columns of a table that has those of `more` as well."""
        own = {*self.front, *self.back}
        return (*self.front, *(column for column in more if column not in own), *self.back)


def write_faces(rows: Iterable[FaceRow], file, *, style: str = "openface", more: Sequence[str] = ()) -> int:
    """Write rows to an open text file as they come, and return how many.

    Parameters
    ----------
    rows : iterable of FaceRow
    file : text file, opened with newline=""
    style : name in `STYLES`
    more : sequence of str
        Further columns, for what the rows have in their `more`.
    """
    columns = STYLES[check_choice("--style", style, STYLES)]
    table = csv.DictWriter(file, columns.header(more))
    table.writeheader()
    count = 0
    for row in rows:
        table.writerow({**columns.cells(row), **row.more})
        count += 1
    return count


def read_faces(path: Path) -> Iterator[FaceRow]:
    """Rows of a CSV of OpenFace, of py-feat or of `write_faces`, without their `more`.

    Raises
    ------
    LineamentError
        If the file cannot be read, has neither's columns, or a cell is no number.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, skipinitialspace=True, restval="")  # OpenFace writes ", " between columns
            style = _style_of(path, table.fieldnames or ())
            for number, cells in enumerate(table, start=2):
                try:
                    yield STYLES[style].row(cells)
                except (KeyError, TypeError, ValueError, OverflowError) as error:
                    raise LineamentError(f"{path}, line {number}: {error} is no row of {style}.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LineamentError(f"{path} cannot be read ({error}).") from error


def _style_of(path, columns) -> str:
    style = landmark_style(columns)
    if not style:
        wanted = "x_0 … y_67 with success, with face and confidence, or with FaceScore or FaceRectX"
        raise LineamentError(f"{path} has not the columns of OpenFace or py-feat for 68 points ({wanted}).")
    return style


def _point_cells(face) -> dict:
    if face is None:
        return {}
    return dict(zip(POINT_COLUMNS, (_cell(number, 3) for number in face.points.T.ravel())))


def _cell(number, digits) -> str:
    """A number as both tools write it; an empty cell for NaN, which every reader takes for a missing one."""
    return "" if np.isnan(number) else f"{number:.{digits}f}"


def _number(cells, *columns) -> float:
    """The first of these columns that is filled; NaN where none is."""
    return _real(next((cells[column] for column in columns if cells.get(column)), "nan"))


def _real(text) -> float:
    """A number that a place or a time can be; NaN where one is missing."""
    number = float(text)
    if abs(number) > LARGEST:
        raise ValueError(f"{text[:20]} is too large, and")
    return number


def _points(cells) -> np.ndarray:
    return np.array([_real(cells[column]) for column in POINT_COLUMNS], dtype=np.float32).reshape(2, N_POINTS).T


def _pose(face):
    """Yaw, pitch and roll in radians."""
    return np.radians(head_pose(face.points[None])[0])


def _own_cells(row) -> dict:
    face = row.face
    cells = {
        "input": row.input, "frame": row.frame, "timestamp": f"{row.time_s:.3f}", "face_id": row.face_id,
        "success": int(face is not None),
    }  # fmt: skip
    if face is not None:
        cells |= {"score": _cell(face.score, 6), "sharpness": _cell(face.sharpness, 2)} | _box_cells(face)
    return cells | _point_cells(face)


def _openface_cells(row) -> dict:
    cells, face = _own_cells(row) | {"confidence": 0}, row.face
    if face is not None:
        yaw, pitch, roll = _pose(face)
        share = (face.score - LOWEST_SCORE) / (CONFIDENT_SCORE - LOWEST_SCORE)
        # OpenFace: radians about the camera's axes (right, down, away). Turning about them moves the nose down, to the
        # picture's left, and the eyes clockwise. pose_T stays empty: millimetres need the camera's focal length.
        cells |= {"pose_Rx": _cell(-pitch, 4), "pose_Ry": _cell(-yaw, 4), "pose_Rz": _cell(roll, 4)}
        cells |= {"confidence": _cell(np.clip(share, 0, 1), 3)}
    return cells


def _box_cells(face) -> dict:
    left, top, right, bottom = face.box
    return dict(zip(BOX_COLUMNS, (_cell(number, 3) for number in (left, top, right - left, bottom - top))))


def _box(cells, points) -> np.ndarray:
    if not cells.get(BOX_COLUMNS[0]):
        return box_of_points(points)
    left, top, width, height = (_real(cells[column]) for column in BOX_COLUMNS)
    return np.array([left, top, left + width, top + height])


def _openface_row(cells) -> FaceRow:
    face = None
    if _real(cells.get("success", 1)) > 0:  # FaceLandmarkImg writes the faces that it found, and no success
        points = _points(cells)
        score, sharpness = _number(cells, "score", "confidence"), _number(cells, "sharpness")
        face = Face(_box(cells, points), points, score, True, sharpness)
    return FaceRow(
        cells.get("input") or "", int(_real(cells.get("frame") or 1)), _real(cells.get("timestamp") or 0),
        int(_real(cells.get("face_id") or cells.get("face") or 0)), face,
    )  # fmt: skip


def _pyfeat_cells(row) -> dict:
    face, whole_s = row.face, int(row.time_s)
    cells = {
        "input": row.input, "frame": row.frame - 1, "approx_time": f"{whole_s // 60:02d}:{whole_s % 60:02d}",
        "Identity": "" if face is None else f"{IDENTITY}{row.face_id}",
        "face_id": row.face_id, "timestamp": f"{row.time_s:.3f}",
    }  # fmt: skip
    if face is not None:
        # Since version 2: radians, up, to the subject's right, and tilted to that side. Before, py-feat had degrees,
        # or turns about x, y and z in this order, whatever the names say. X, Y, Z stay empty as pose_T does.
        yaw, pitch, roll = _pose(face)
        cells |= _box_cells(face) | {"FaceScore": _cell(face.score, 6)}
        cells |= {"Pitch": _cell(pitch, 4), "Roll": _cell(-roll, 4), "Yaw": _cell(-yaw, 4)}
    return cells | _point_cells(face)


def _pyfeat_row(cells) -> FaceRow:
    face = None
    if cells["x_0"].strip().lower() not in ("", "nan"):
        points = _points(cells)
        face = Face(_box(cells, points), points, _number(cells, "FaceScore"), True)
    frame = int(_real(cells.get("frame") or 0)) + 1  # py-feat counts from 0
    identity = cells.get("face_id") or (cells.get("Identity") or "").removeprefix(IDENTITY) or "0"
    return FaceRow(cells.get("input") or "", frame, _pyfeat_time(cells), int(_real(identity)), face)


def _pyfeat_time(cells) -> float:
    """Seconds; py-feat's own "mm:ss" is whole ones, or "hh:mm:ss"."""
    if cells.get("timestamp"):
        return _real(cells["timestamp"])
    seconds = 0.0
    for part in (cells.get("approx_time") or "0").split(":"):
        seconds = 60 * seconds + _real(part)
    return seconds


STYLES = {
    "lineament": TableStyle(
        ("input", "frame", "timestamp", "face_id", "success", "score", "sharpness", *BOX_COLUMNS), POINT_COLUMNS,
        _own_cells, _openface_row, "where and when, and the points last",
    ),
    "openface": TableStyle(
        ("frame", "face_id", "timestamp", "confidence", "success", "pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx",
         "pose_Ry", "pose_Rz", *POINT_COLUMNS), ("input", "score", *BOX_COLUMNS, "sharpness"),
        _openface_cells, _openface_row, "OpenFace's columns, then input, score, box and sharpness",
    ),
    "pyfeat": TableStyle(
        (*BOX_COLUMNS, "FaceScore", *POINT_COLUMNS, "Pitch", "Roll", "Yaw", "X", "Y", "Z"),
        ("input", "frame", "approx_time", "Identity", "face_id", "timestamp"),
        _pyfeat_cells, _pyfeat_row, "py-feat's columns, then face_id and timestamp",
    ),
}  # fmt: skip
