"""py-feat's own readers on our tables. They run where py-feat can be imported: `pip install py-feat` beside this.

py-feat asks for twenty packages, some of which must be of the same build as torch, so that nobody is made to have it.
"""

import numpy as np
import pytest

from lineament.apps import cli
from lineament.features import Measures, measure
from lineament.landmarks import find_faces
from lineament.landmarks.faces import faces_of

try:
    from feat.utils.io import read_feat, read_openface
except Exception as error:  # such as torchvision of another build than torch: RuntimeError; no FFmpeg: OSError
    pytest.skip(f"py-feat's reader cannot be imported here ({error!r})", allow_module_level=True)

POINTS = [f"{axis}_{number}" for axis in "xy" for number in range(68)]


@pytest.fixture(scope="module")
def ours(crop):
    """Our numbers of the face by name."""
    found = find_faces(crop)
    table = measure(faces_of(crop, found), Measures(("aus", "pose"))).table
    return dict(zip(table.names, table.X[0])) | dict(zip(POINTS, found[0].points.T.ravel()))


@pytest.fixture
def table(face_and_none, tmp_path):
    """The path of a table that a command writes in a style."""

    def written(command, style):
        out = tmp_path / f"{command}.csv"
        assert cli.main([command, str(face_and_none), "--out", str(out), "--style", style]) == 0
        return str(out)

    return written


def same(frame, names, numbers):
    """The first row has these numbers under these names in this order, the second none."""
    assert list(frame) == list(names)
    assert np.allclose(frame.iloc[0].astype(float), numbers, rtol=1e-4, atol=1e-3, equal_nan=True)
    assert frame.iloc[1].isna().all()


def test_read_feat_gives_units_turns_and_points(table, ours):
    fex = read_feat(table("measure", "pyfeat"))
    same(fex.landmarks, POINTS, [ours[name] for name in POINTS])
    turns = [ours["pose_pitch"], -ours["pose_roll"], -ours["pose_yaw"]]
    same(fex.poses, ["Pitch", "Roll", "Yaw", "X", "Y", "Z"], [*turns, *[np.nan] * 3])
    units = [name for name in fex if name.startswith("AU")]
    same(fex.aus, units, [ours.get(f"au{int(name[2:])}", np.nan) for name in units])
    assert len(units) == 20 and np.isfinite(fex.aus.iloc[0]).sum() == 18
    assert fex.faceboxes.shape == (2, 5) and fex.inputs.str.endswith(".png").all() and fex.time["frame"].eq(0).all()


def test_read_openface_gives_units_turns_and_points(table, ours):
    fex = read_openface(table("measure", "openface"))
    same(fex.landmarks, POINTS, [ours[name] for name in POINTS])
    turns = [-ours["pose_pitch"], -ours["pose_yaw"], ours["pose_roll"]]
    same(fex.poses, [f"pose_{of}{axis}" for of in "TR" for axis in "xyz"], [*[np.nan] * 3, *turns])
    numbers = [ours[f"au{int(name[2:4])}"] if name.endswith("_r") else np.nan for name in fex.aus]
    same(fex.aus, list(fex.aus), numbers)
    assert fex.aus.shape == (2, 35) and np.isfinite(fex.aus.iloc[0]).sum() == 17
    assert fex.time["timestamp"].tolist() == [0, 0]


def test_points_alone_are_read_as_well(table, ours):
    feat, openface = read_feat(table("landmarks", "pyfeat")), read_openface(table("landmarks", "openface"))
    for fex in (feat, openface):
        same(fex.landmarks, POINTS, [ours[name] for name in POINTS])
        assert fex.poses.shape == (2, 6) and np.isfinite(fex.poses.iloc[0]).sum() == 3
    assert feat.aus.shape == (2, 0)
