"""Tables of faces beside those that OpenFace and py-feat write.

`excerpts/openface.csv`: frames 1 and 50 of feat/tests/data/OpenFace_Test.csv, and `excerpts/pyfeat.csv`: frames 0 and
52 of docs/data/news_sample/018.csv, both in cosanlab/py-feat (MIT licence), some of their columns.
"""

import csv
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from lineament.data import LineamentError, load_dataset
from lineament.landmarks.fitting import Face
from lineament.landmarks.quality import MODEL, MODEL_POINTS
from lineament.landmarks.tables import STYLES, FaceRow, read_faces, write_faces

EXCERPTS = Path(__file__).parent / "excerpts"
POINTS = [f"{axis}_{number}" for axis in "xy" for number in range(68)]
# In the order of OpenFace's RecorderCSV::Open and of a `Fex` that py-feat's Detector writes.
OPENFACE = ["frame", "face_id", "timestamp", "confidence", "success"]
OPENFACE += ["pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz", *POINTS]
PYFEAT = ["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore", *POINTS]
PYFEAT += ["Pitch", "Roll", "Yaw", "X", "Y", "Z", "input", "frame", "approx_time", "Identity"]


def written(tmp_path, rows, style):
    with (tmp_path / "faces.csv").open("w", newline="") as file:
        write_faces(rows, file, style=style)
    return tmp_path / "faces.csv"


def a_face(points, score=0.5):
    return Face(np.array([1.0, 2.0, 31.0, 42.0]), np.asarray(points, dtype=np.float32), score, True)


@pytest.mark.parametrize("style, expected", [("openface", OPENFACE), ("pyfeat", PYFEAT)])
def test_columns_stand_in_the_order_of_the_tool(style, expected):
    assert list(STYLES[style].header()[: len(expected)]) == expected


def test_the_excerpts_have_those_columns_in_that_order():
    for name, columns in (("openface", OPENFACE), ("pyfeat", PYFEAT)):
        header = next(csv.reader((EXCERPTS / f"{name}.csv").open(), skipinitialspace=True))
        assert [column for column in header if column in columns] == [column for column in columns if column in header]


def test_openface_is_read():
    first, last = read_faces(EXCERPTS / "openface.csv")
    assert (first.frame, first.time_s, last.frame, last.time_s) == (1, 0, 50, 0.049)
    assert first.face.score == 0.883333 and first.face.points[[0, 67]].tolist() == pytest.approx(
        np.array([[277.276, 181.19], [329.36, 236.823]]), abs=1e-3
    )


def test_pyfeat_is_read():
    first, last = read_faces(EXCERPTS / "pyfeat.csv")
    assert (first.frame, first.time_s, first.input) == (1, 0, "018.mp4") and (last.frame, last.time_s) == (53, 2)
    assert first.face.score == 0.9999807 and first.face.box.tolist() == [321, 238, 321 + 454, 238 + 646]
    assert first.face.points[[0, 67]].tolist() == pytest.approx(
        np.array([[339.71954, 484.2978], [557.58246, 733.1863]]), abs=1e-3
    )


@pytest.mark.parametrize("name", ["openface", "pyfeat"])
def test_excerpts_are_datasets_once_labels_stand_beside(name, tmp_path):
    for label in ("calm", "tense"):
        (tmp_path / label).mkdir()
        (tmp_path / label / f"{label}.csv").write_bytes((EXCERPTS / f"{name}.csv").read_bytes())
    dataset = load_dataset("auto", tmp_path)
    assert dataset.name == name and len(dataset) == 4 and np.isfinite(dataset.landmarks).all()


@pytest.mark.parametrize("style", STYLES)
def test_our_tables_are_datasets_once_labels_stand_beside(style, tmp_path):
    face = a_face(np.random.default_rng(0).uniform(0, 90, (68, 2)))
    for label in ("calm", "tense"):
        (tmp_path / label).mkdir()
        rows = [FaceRow(f"{label}.mp4", 1, 0.0, 0, face, {"au1": "0.5"}), FaceRow(f"{label}.mp4", 2, 0.1, 0, None)]
        with (tmp_path / label / "faces.csv").open("w", newline="") as file:
            write_faces(rows, file, style=style, more=("au1",))
    dataset = load_dataset("auto", tmp_path)
    assert len(dataset) == 4 and np.isfinite(dataset.landmarks).all(axis=(1, 2)).tolist() == [True, False] * 2
    assert set(dataset.label_names) == {"calm", "tense"}


def test_turns_of_the_head_are_those_of_openface(tmp_path):
    """A head turned about each axis of OpenFace's camera (right, down, away) is written under that axis."""
    camera = np.array([[500, 0, 0], [0, 500, 0], [0, 0, 1]], dtype=float)
    rows = []
    for axis in np.eye(3):
        seen, _ = cv2.projectPoints(MODEL, np.radians(15) * axis, np.array([0, 0, 600.0]), camera, None)
        points = np.tile(seen[:, 0].mean(axis=0), (68, 1))
        points[list(MODEL_POINTS)] = seen[:, 0]
        rows.append(FaceRow("a.png", 1, 0.0, 0, a_face(points)))
    table = pd.read_csv(written(tmp_path, rows, "openface"))
    assert np.allclose(table[["pose_Rx", "pose_Ry", "pose_Rz"]], np.radians(15) * np.eye(3), atol=np.radians(4))


def test_turns_of_the_head_are_those_of_pyfeat(tmp_path):
    """Radians: up, to the subject's right, tilted to that side. Py-feat of the excerpt wrote turns about x, y and z of
    a camera (right, down, away) as Pitch, Roll and Yaw; version 2 names and turns them so in its Detectorv1.
    """
    theirs = pd.read_csv(EXCERPTS / "pyfeat.csv")
    expected = np.stack([-theirs["Pitch"], -theirs["Yaw"], theirs["Roll"]], axis=1)
    ours = pd.read_csv(written(tmp_path, read_faces(EXCERPTS / "pyfeat.csv"), "pyfeat"))
    assert np.allclose(ours[["Pitch", "Roll"]], expected[:, :2], atol=0.1)
    assert (np.sign(ours["Yaw"]) == np.sign(expected[:, 2])).all()  # six points of a mean head tell yaw less well
    assert ours[["X", "Y", "Z"]].isna().all(axis=None)


def test_the_head_of_the_excerpt_turns_as_openface_saw_it(tmp_path):
    theirs = pd.read_csv(EXCERPTS / "openface.csv", skipinitialspace=True)
    ours = pd.read_csv(written(tmp_path, read_faces(EXCERPTS / "openface.csv"), "openface"))
    for angle in ("pose_Rx", "pose_Ry"):  # Rz changes by less than a thousandth
        assert np.sign(np.diff(ours[angle])) == np.sign(np.diff(theirs[angle]))
    assert np.allclose(ours["pose_Rz"], theirs["pose_Rz"], atol=0.02)


@pytest.mark.parametrize("style", STYLES)
def test_a_missing_number_is_an_empty_cell(style, tmp_path):
    """Followed faces have no sharpness, and no face has no points: pandas and others read NaN."""
    rows = [FaceRow("a.mp4", 1, 0.0, 3, a_face(np.arange(136).reshape(68, 2))), FaceRow("a.mp4", 2, 61.5, 0, None)]
    path = written(tmp_path, rows, style)
    assert "nan" not in path.read_text()
    table = pd.read_csv(path)
    assert table["x_0"].isna().tolist() == [False, True] and table[POINTS].dtypes.eq(float).all()
    assert [(row.face_id, row.time_s) for row in read_faces(path)] == [(3, 0.0), (0, 61.5)]


@pytest.mark.parametrize("style", STYLES)
def test_further_cells_stand_between_and_in_place_of_the_styles_own(style, tmp_path):
    """A measurement has its column; a face without any, or without a face, has an empty cell there."""
    face, first = a_face(np.arange(136).reshape(68, 2)), STYLES[style].front[0]
    rows = [FaceRow("a", 1, 0.0, 0, face, {"au1": "0.5", first: "9"}), FaceRow("a", 2, 0.0, 0, None)]
    with (tmp_path / "faces.csv").open("w", newline="") as file:
        write_faces(rows, file, style=style, more=("au1", first))
    table = pd.read_csv(tmp_path / "faces.csv")
    assert list(table) == [*STYLES[style].front, "au1", *STYLES[style].back]
    assert table["au1"].tolist()[0] == 0.5 and np.isnan(table["au1"][1]) and str(table[first][0]) in ("9", "9.0")


def test_pyfeat_names_faces_and_times_its_way(tmp_path):
    rows = [FaceRow("a.mp4", 1846, 61.5, 3, a_face(np.arange(136).reshape(68, 2)))]
    table = pd.read_csv(written(tmp_path, rows, "pyfeat"))
    assert table[["frame", "approx_time", "Identity"]].iloc[0].tolist() == [1845, "01:01", "Person_3"]
    table = table.drop(columns=["face_id", "timestamp"])
    table.to_csv(tmp_path / "theirs.csv", index=False)
    (row,) = read_faces(tmp_path / "theirs.csv")
    assert (row.face_id, row.time_s, row.frame) == (3, 61, 1846)


def test_faces_of_one_picture_by_openface(tmp_path):
    """FaceLandmarkImg writes face,confidence and no frame, timestamp or success."""
    header, cells = ["face", "confidence", *POINTS], [str(number) for number in range(136)]
    lines = [",".join(header), ",".join(["0", "0.925", *cells]), ",".join(["1", "0.4", *cells])]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    first, second = read_faces(tmp_path / "a.csv")
    assert (first.face_id, second.face_id, first.frame, second.face.score) == (0, 1, 1, 0.4)
    assert first.face.points[0].tolist() == [0, 68]


def test_a_dense_mesh_is_not_taken_for_68_points(tmp_path):
    """py-feat's MPDetector writes x_0, y_0, z_0 … x_477: its first 68 points lie elsewhere on the face."""
    header = ["FaceRectX", "FaceScore", *(f"{axis}_{number}" for number in range(478) for axis in "xyz"), "label"]
    lines = [",".join(header), ",".join(["1"] * (len(header) - 1) + ["calm"])]
    (tmp_path / "mesh.csv").write_text("\n".join(lines))
    with pytest.raises(LineamentError, match="for 68 points"):
        list(read_faces(tmp_path / "mesh.csv"))
    with pytest.raises(LineamentError):
        load_dataset("pyfeat", tmp_path)
