"""Faces as CSV tables with the columns of OpenFace or of py-feat: written and read.

Baltrušaitis et al., "OpenFace 2.0", FG 2018; Cheong et al., "Py-Feat", Affective Science 2023.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import LineamentError, check_choice
from landmarks.detector import Face
from landmarks.layout import N_POINTS
from landmarks.quality import head_pose

POINT_COLUMNS = tuple(f"{axis}_{number}" for axis in "xy" for number in range(N_POINTS))
BOX_COLUMNS = ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight")
CONFIDENT_SCORE = 1.0  # OpenFace's confidence lies in 0 to 1: that of a face with this HOG score or more is 1
LOWEST_SCORE = -1.0


@dataclass(frozen=True)
class FaceRow:
    """One face of a picture or frame. `face` is None where none was seen; `frame` counts from 1."""

    input: str
    frame: int
    time_s: float
    face_id: int
    face: Face | None


@dataclass(frozen=True)
class TableStyle:
    """Column names, cells of a row by column, and the row again from cells."""

    columns: tuple[str, ...]
    cells: Callable[[FaceRow], dict]
    row: Callable[[dict], FaceRow]
    about: str


def write_faces(rows: Iterable[FaceRow], file, *, style: str = "openface") -> int:
    """Write rows to an open text file as they come, and return how many.

    Parameters
    ----------
    rows : iterable of FaceRow
    file : text file, opened with newline=""
    style : name in `STYLES`
    """
    columns = STYLES[check_choice("--style", style, STYLES)]
    table = csv.DictWriter(file, columns.columns)
    table.writeheader()
    count = 0
    for row in rows:
        table.writerow(columns.cells(row))
        count += 1
    return count


def read_faces(path: Path) -> Iterator[FaceRow]:
    """Rows of a CSV of OpenFace, of py-feat or of `write_faces`.

    Raises
    ------
    LineamentError
        If the file cannot be read, has neither's columns, or a cell is no number.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, skipinitialspace=True)  # OpenFace writes ", " between columns
            style = _style_of(path, table.fieldnames or ())
            for number, cells in enumerate(table, start=2):
                try:
                    yield STYLES[style].row(cells)
                except (KeyError, TypeError, ValueError) as error:
                    raise LineamentError(f"{path}, line {number}: {error} is no row of {style}.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LineamentError(f"{path} cannot be read ({error}).") from error


def _style_of(path, columns) -> str:
    columns = {column.strip() for column in columns}
    if set(POINT_COLUMNS) <= columns:
        if "success" in columns:
            return "openface"
        if "FaceScore" in columns:
            return "pyfeat"
    raise LineamentError(f"{path} has not the columns of OpenFace or py-feat (x_0 … y_67 with success or FaceScore).")


def _point_cells(face) -> dict:
    if face is None:
        return {}
    return dict(zip(POINT_COLUMNS, (f"{number:.3f}" for number in face.points.T.ravel())))


def _points(cells) -> np.ndarray:
    return np.array([float(cells[column]) for column in POINT_COLUMNS], dtype=np.float32).reshape(2, N_POINTS).T


def _pose(face):
    return head_pose(face.points[None])[0]


def _openface_cells(row) -> dict:
    face = row.face
    cells = {
        "frame": row.frame, "face_id": row.face_id, "timestamp": f"{row.time_s:.3f}", "success": int(face is not None),
        "confidence": 0, "input": row.input,
    }  # fmt: skip
    if face is not None:
        yaw, pitch, roll = np.radians(_pose(face))
        share = (face.score - LOWEST_SCORE) / (CONFIDENT_SCORE - LOWEST_SCORE)
        cells |= {"confidence": f"{np.clip(share, 0, 1):.3f}", "score": f"{face.score:.6f}"}
        # OpenFace: radians about the camera's axes; its pitch is positive where the nose points down.
        cells |= {"pose_Rx": f"{-pitch:.4f}", "pose_Ry": f"{yaw:.4f}", "pose_Rz": f"{roll:.4f}"}
        cells |= _box_cells(face) | {"sharpness": f"{face.sharpness:.2f}"}
    return cells | _point_cells(face)


def _box_cells(face) -> dict:
    left, top, right, bottom = face.box
    return dict(zip(BOX_COLUMNS, (f"{number:.3f}" for number in (left, top, right - left, bottom - top))))


def _box(cells, points) -> np.ndarray:
    if not cells.get(BOX_COLUMNS[0]):
        return np.r_[points.min(axis=0), points.max(axis=0)].astype(float)
    left, top, width, height = (float(cells[column]) for column in BOX_COLUMNS)
    return np.array([left, top, left + width, top + height])


def _openface_row(cells) -> FaceRow:
    face = None
    if float(cells["success"]) > 0:
        points = _points(cells)
        score = float(cells.get("score") or cells.get("confidence") or "nan")
        face = Face(_box(cells, points), points, score, True, float(cells.get("sharpness") or "nan"))
    return FaceRow(
        cells.get("input") or "", int(float(cells.get("frame") or 1)), float(cells.get("timestamp") or 0),
        int(float(cells.get("face_id") or 0)), face,
    )  # fmt: skip


def _pyfeat_cells(row) -> dict:
    face = row.face
    cells = {"frame": row.frame - 1, "input": row.input, "face_id": row.face_id, "timestamp": f"{row.time_s:.3f}"}
    if face is not None:
        yaw, pitch, roll = _pose(face)
        cells |= _box_cells(face) | {"FaceScore": f"{face.score:.6f}"}
        cells |= {"Pitch": f"{pitch:.3f}", "Roll": f"{roll:.3f}", "Yaw": f"{yaw:.3f}"}
    return cells | _point_cells(face)


def _pyfeat_row(cells) -> FaceRow:
    face = None
    if cells["x_0"].strip().lower() not in ("", "nan"):
        points = _points(cells)
        face = Face(_box(cells, points), points, float(cells["FaceScore"] or "nan"), True)
    frame = int(float(cells.get("frame") or 0)) + 1  # py-feat counts from 0
    identity = cells.get("face_id") or "0"
    return FaceRow(cells.get("input") or "", frame, float(cells.get("timestamp") or 0), int(float(identity)), face)


STYLES = {
    "openface": TableStyle(
        ("frame", "face_id", "timestamp", "confidence", "success", "pose_Rx", "pose_Ry", "pose_Rz", *POINT_COLUMNS,
         "input", "score", *BOX_COLUMNS, "sharpness"),
        _openface_cells, _openface_row, "OpenFace's columns, then input, score, box and sharpness",
    ),
    "pyfeat": TableStyle(
        (*BOX_COLUMNS, "FaceScore", *POINT_COLUMNS, "Pitch", "Roll", "Yaw", "frame", "input", "face_id", "timestamp"),
        _pyfeat_cells, _pyfeat_row, "py-feat's columns, then face_id and timestamp",
    ),
}  # fmt: skip
