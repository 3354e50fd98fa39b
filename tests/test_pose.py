"""Head pose in closed form: exact on a turned head, near solvePnP on faces."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lineament.features import feature_table
from lineament.features.pose import DEPTH, HEAD, RIGID
from lineament.features.shape import TEMPLATE
from lineament.landmarks.layout import MIRROR, mirrored
from lineament.landmarks.quality import MODEL, MODEL_POINTS, head_pose


def pose_of(points):
    return feature_table(points, ("pose",)).X


def turned_head(yaw, pitch, distance=None):
    """A face (1, 68, 2) in px whose nose points `yaw` to the picture's right and `pitch` up (rad)."""
    head = np.c_[TEMPLATE, np.zeros(68)]
    head[RIGID] = HEAD
    # Of the six points that solvePnP sees, two are not in HEAD's: chin and mouth corners get its own depth, in IOD.
    for number, point in enumerate(MODEL_POINTS):
        if point not in DEPTH:
            head[point, 2] = (MODEL[number, 2] - MODEL[2, 2]) / 90
    # Up first, about the head's x axis, then to the side about the picture's y axis; z points away.
    up = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    side = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    seen = (head - HEAD.mean(axis=0)) @ (side @ up).T
    scale = 1 if distance is None else distance / (distance + seen[:, 2:])
    return (seen[:, :2] * scale * 100)[None]


@pytest.mark.parametrize("yaw, pitch", [(0, 0), (0.5, 0), (-0.5, 0), (0, 0.3), (0, -0.3)])
def test_a_turned_head_is_found_again_exactly(yaw, pitch):
    assert_allclose(pose_of(turned_head(yaw, pitch))[0], [yaw, pitch, 0], atol=1e-9)


def test_both_turns_at_once_and_a_near_camera():
    """Level eyes take a little roll out of a head that is turned both ways; a camera at 6 IOD bends lines."""
    for yaw, pitch in [(0.3, 0.2), (-0.3, 0.2), (0.3, -0.2)]:
        assert_allclose(pose_of(turned_head(yaw, pitch))[0, :2], [yaw, pitch], atol=0.06)
        assert_allclose(pose_of(turned_head(yaw, pitch, distance=6))[0, :2], [yaw, pitch], atol=0.12)


def test_yaw_pitch_and_roll_have_the_signs_of_solvepnp(sample_landmarks):
    points = sample_landmarks.points[sample_landmarks.found].astype(float)
    ours, solved = pose_of(points), np.radians(head_pose(points))
    for angle, least in enumerate([0.75, 0.85, 0.9]):
        assert np.corrcoef(ours[:, angle], solved[:, angle])[0, 1] > least
    assert np.abs(ours[:, 1] - solved[:, 1]).mean() < 0.1
    assert np.abs(ours[:, 2] - solved[:, 2]).mean() < 0.05


def test_the_mirror_image_looks_the_other_way(sample_landmarks):
    points = sample_landmarks.points[:30].astype(float)
    assert_allclose(pose_of(mirrored(points, 96)), pose_of(points) * [-1, 1, -1], atol=1e-6)
    assert all(DEPTH[int(MIRROR[point])] == depth for point, depth in DEPTH.items())


def test_the_nose_to_the_right_is_yaw_and_up_is_pitch(face):
    nose = list(range(29, 36))
    right, up = face.copy(), face.copy()
    right[0, nose, 0] += 3
    up[0, nose, 1] -= 3
    before, right, up = pose_of(face)[0], pose_of(right)[0], pose_of(up)[0]
    assert right[0] > before[0] + 0.03 and up[1] > before[1] + 0.03
    assert right[2] == up[2] == before[2]
