"""`lineament measure`: measurements of every face, in the columns of three tools."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lineament.apps import cli
from lineament.features import FAMILIES, FeatureTable, Measures, feature_table, measure
from lineament.features.exchange import FOREIGN, in_style
from lineament.landmarks import find_faces
from lineament.landmarks.faces import faces_of
from lineament.landmarks.tables import STYLES, read_faces

EXCERPTS = Path(__file__).parent / "excerpts"


@pytest.fixture
def measured(face_and_none, tmp_path):
    """Run the command on the folder and read its table."""

    def run(*arguments):
        out = tmp_path / "measures.csv"
        assert cli.main(["measure", str(face_and_none), "--out", str(out), *arguments]) == 0
        return pd.read_csv(out)

    return run


def expected(crop, families):
    table = measure(faces_of(crop, find_faces(crop)), Measures(families)).table
    return dict(zip(table.names, table.X[0]))


def test_units_and_pose_are_measured_unless_others_are_named(measured, crop, capsys):
    table, numbers = measured(), expected(crop, ("aus", "pose"))
    assert [column for column in table if column in numbers] == list(numbers) and len(numbers) == 22
    assert np.allclose(table.loc[0, list(numbers)].astype(float), list(numbers.values()), rtol=1e-5, atol=1e-9)
    assert "1 face in 2 pictures, 0 files unreadable" in capsys.readouterr().out


def test_units_rest_on_the_skin_too(measured, crop):
    points_alone = feature_table(find_faces(crop)[0].points[None], ["aus"])
    assert abs(measured().loc[0, "au4"] - points_alone.X[0, points_alone.names.index("au4")]) > 1e-3


@pytest.mark.parametrize("style", STYLES)
def test_a_picture_without_a_face_keeps_its_row(style, measured, face_and_none, tmp_path):
    table = measured("--style", style, "--features", "aus,distances")
    assert [Path(name).name for name in table["input"]] == ["face.png", "none.png"]
    names = in_style(feature_table(np.full((1, 68, 2), np.nan), ["aus", "distances"]), style).names
    assert table.loc[1, list(names)].isna().all() and table.loc[0, "dist_mouth_width"] > 0
    assert [row.face is None for row in read_faces(tmp_path / "measures.csv")] == [False, True]


@pytest.mark.parametrize("families", ["hog,distances", "furrows,binary", "lbp", "shape,symmetry"])
def test_columns_are_those_of_the_table(families, measured, crop):
    table, numbers = measured("--features", families), expected(crop, tuple(families.split(",")))
    assert [column for column in table if column in numbers] == list(numbers)
    assert np.allclose(table.loc[0, list(numbers)].astype(float), list(numbers.values()), rtol=1e-5, atol=1e-9)


def test_names_stand_over_their_numbers(measured, crop):
    """Families of pixels come last in a table, in whatever order they are named."""
    alone = feature_table(find_faces(crop)[0].points[None], ["distances"])
    table = measured("--features", "hog,distances")
    assert np.allclose(table.loc[0, list(alone.names)].astype(float), alone.X[0], rtol=1e-5)


def test_openface_has_its_units_and_turns(measured, crop):
    table, numbers = measured("--style", "openface"), expected(crop, ("aus", "pose"))
    for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45):
        assert table.loc[0, f"AU{number:02d}_r"] == pytest.approx(numbers[f"au{number}"], rel=1e-5)
        assert np.isnan(table.loc[0, f"AU{number:02d}_c"])  # no threshold of ours was taught by coded faces
    turns = [-numbers["pose_pitch"], -numbers["pose_yaw"], numbers["pose_roll"]]
    assert np.allclose(table.loc[0, ["pose_Rx", "pose_Ry", "pose_Rz"]].astype(float), turns, atol=1e-5)
    assert table[["pose_Tx", "pose_Ty", "pose_Tz", "AU28_c"]].isna().all(axis=None)
    assert table.loc[0, ["au24", "au43"]].notna().all() and "au1" not in table  # nothing is lost, nothing told twice
    assert not [column for column in table if column.startswith("gaze")]


def test_pyfeat_has_its_units_and_turns(measured, crop):
    table, numbers = measured("--style", "pyfeat"), expected(crop, ("aus", "pose"))
    units = [column for column in table if "AU" in column]  # as py-feat looks for them
    assert len(units) == 20 and table.loc[0, units].isna().sum() == 2
    assert table.loc[0, "AU12"] == pytest.approx(numbers["au12"], rel=1e-5)
    assert np.isnan(table.loc[0, "AU11"]) and np.isnan(table.loc[0, "AU28"])
    turns = [numbers["pose_pitch"], -numbers["pose_roll"], -numbers["pose_yaw"]]
    assert np.allclose(table.loc[0, ["Pitch", "Roll", "Yaw"]].astype(float), turns, atol=1e-5)
    assert table[["X", "Y", "Z"]].isna().all(axis=None) and "au45" in table


@pytest.mark.parametrize("name", ["openface", "pyfeat"])
def test_heads_turn_as_the_tool_saw_them(name):
    """Rows of the tools' own: their turns beside ours of their points. OpenFace's pitch has another zero."""
    theirs = pd.read_csv(EXCERPTS / f"{name}.csv", skipinitialspace=True)
    points = np.stack([row.face.points for row in read_faces(EXCERPTS / f"{name}.csv")])
    ours = in_style(feature_table(points, ["pose"]), name)
    ours = dict(zip(ours.names, ours.X.T))
    if name == "openface":
        assert np.allclose(ours["pose_Rz"], theirs["pose_Rz"], atol=0.05)
        assert (np.diff(ours["pose_Rx"]) > 0) == (np.diff(theirs["pose_Rx"]) > 0)
        assert (np.diff(ours["pose_Ry"]) > 0) == (np.diff(theirs["pose_Ry"]) > 0)
    else:  # turns about x, y, z of a camera under these names, which version 2 renames and turns
        assert np.allclose(ours["Pitch"], -theirs["Pitch"], atol=0.07)
        assert np.allclose(ours["Yaw"], theirs["Roll"], atol=0.07)
        assert np.allclose(ours["Roll"], -theirs["Yaw"], atol=0.07)


@pytest.mark.parametrize("style", STYLES)
def test_every_measurement_of_ours_is_told_once(style):
    names = tuple(name for family in FAMILIES.values() for name in family.names)
    families = tuple(key for key, family in FAMILIES.items() for _ in family.names)
    row = np.arange(1.0, len(names) + 1)
    table = in_style(FeatureTable(row[None], names, families), style)
    assert len(set(table.names)) == len(table.names)
    assert np.array_equal(np.sort(np.abs(table.X[np.isfinite(table.X)])), row)


def test_every_style_is_known_to_the_exchange():
    assert set(FOREIGN) == set(STYLES)


def test_help_says_what_the_numbers_are(capsys):
    assert cli.main(["measure", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for part in ("outer eye corners (IOD)", "angles in radians", "no FACS codes", "gaze", *FAMILIES):
        assert part in told


def test_a_mistake_is_told_before_any_work(face_and_none, tmp_path, capsys):
    out = tmp_path / "m.csv"
    for arguments, message in (
        (["--features", "aus,poze"], "Unknown feature family 'poze'. Did you mean 'pose'?"),
        (["--features", ""], "--features: '' is empty."),
        (["--style", "opnface"], "Unknown --style 'opnface'. Did you mean 'openface'?"),
        (["--out", str(tmp_path)], "is a folder. Name a file"),
    ):
        assert cli.main(["measure", str(face_and_none), "--out", str(out), *arguments]) == 2
        told = capsys.readouterr()
        assert message in told.err and told.err.count("\n") == 1 and not out.exists()
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert cli.main(["measure", str(tmp_path / "broken.png"), "--out", str(out)]) == 1
