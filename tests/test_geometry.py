"""Geometry that a reader can check by hand, and the symmetries that every feature must have."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks.scale import plain_face, usual_face
from lineament.features import FAMILIES, FEATURES, FaceFeatures, feature_table, normalised
from lineament.features.curvature import fitted_parabola
from lineament.features.ellipses import fitted_ellipse
from lineament.features.shape import aligned
from lineament.landmarks.layout import LEFT_EYE, MIRROR, OUTER_MOUTH, RIGHT_EYE, mirrored

ALL = tuple(name for name, family in FAMILIES.items() if family.compute)


def measured(points):
    table = feature_table(points, ALL)
    return dict(zip(table.names, table.X.T))


def turned(points, degrees, scale=1.0, shift=(0.0, 0.0)):
    angle = np.deg2rad(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ rotation.T * scale + np.array(shift)


def test_there_are_enough_named_features():
    assert len(FEATURES) >= 60
    assert {"dist_mouth_width", "ellipse_left_eye_ratio"} <= set(FEATURES)
    assert any(name.startswith("angle_") for name in FEATURES)
    assert all(feature.formula and feature.unit and feature.strokes for feature in FEATURES.values())


def test_a_known_ellipse_is_found_again():
    t = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    contour = turned(np.c_[3 * np.cos(t), np.sin(t)], -30) + [5, 7]
    ellipse = {key: value[0] for key, value in fitted_ellipse(contour[None]).items()}
    expected = {"major": 3, "minor": 1, "ratio": 1 / 3, "area": 3 * np.pi, "centre_x": 5, "centre_y": 7}
    for key, value in expected.items():
        assert ellipse[key] == pytest.approx(value)
    assert ellipse["orientation"] == pytest.approx(np.pi / 6)  # rises to the right: y is down


def test_a_square_eye_by_hand(face):
    """Outer eye corners 4 px apart, so one pixel is a quarter IOD."""
    points = face.copy()
    points[0, RIGHT_EYE, :] = [[0, 0], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1]]
    points[0, LEFT_EYE[3]] = [4, 0]
    features = measured(points)
    assert features["dist_right_eye_width"][0] == pytest.approx(0.25)
    assert features["dist_right_eye_height_outer"][0] == pytest.approx(0.5)
    assert features["angle_right_eye_outer_corner"][0] == pytest.approx(np.pi)
    assert features["angle_right_eye_upper_lid_outer"][0] == pytest.approx(np.pi / 2)
    assert features["angle_right_eye_tilt"][0] == pytest.approx(0)


def test_eye_corners_are_normalised(face):
    points = normalised(turned(face, 33, 2.5, (100, -40)))
    assert_allclose(points[0, [RIGHT_EYE[0], LEFT_EYE[3]]], [[-0.5, 0], [0.5, 0]], atol=1e-12)


@pytest.mark.parametrize("degrees, scale, shift", [(90, 1, (0, 0)), (-20, 2, (5, 7)), (180, 0.01, (-1e4, 1e4))])
def test_position_scale_and_rotation_change_nothing(face, degrees, scale, shift):
    before, after = measured(face), measured(turned(face, degrees, scale, shift))
    roll = after.pop("pose_roll") - before.pop("pose_roll")  # the one that a turned picture turns
    assert np.cos(roll - np.deg2rad(degrees)) == pytest.approx(1)
    for name in before:
        assert_allclose(after[name], before[name], atol=1e-6, err_msg=name)


def test_mirroring_swaps_left_and_right(sample_landmarks):
    points = sample_landmarks.points[:50].astype(float)
    before, after = measured(points), measured(mirrored(points, width=96))
    for name in before:
        other, sign = mirrored_feature(name)
        assert_allclose(after[other], sign * before[name], atol=1e-5, err_msg=name)


def mirrored_feature(name):
    """The feature that shows in the mirror what `name` shows, and +1 or -1 where it points the other way."""
    parts = name.split("_")
    family, last = parts[0], parts[-1]
    if family == "shape":
        return f"{name[:8]}{MIRROR[int(last)]}", -1 if name[6] == "x" else 1
    if family == "pair":
        a, b = sorted(MIRROR[[int(number) for number in name.split("_")[1:]]])
        return f"pair_{a}_{b}", 1
    if family == "pose":
        return name, 1 if last == "pitch" else -1
    sided = "left" in name or "right" in name
    against = family == "symmetry" or not sided and last in ("orientation", "slope") or "mouth_centre_x" in name
    return name.replace("left", "?").replace("right", "left").replace("?", "right"), -1 if against else 1


def test_areas_and_ratios_by_hand(face):
    points = face.copy()
    points[0, OUTER_MOUTH] = [(x, 0) for x in range(7)] + [(x, 2) for x in range(5, 0, -1)]
    points[0, [RIGHT_EYE[0], LEFT_EYE[3]]] = [[0, -9], [1, -9]]  # one pixel is one IOD
    features = measured(points)
    assert features["area_mouth"][0] == pytest.approx((6 + 4) / 2 * 2)
    assert features["area_mouth_aspect_ratio"][0] == pytest.approx(2 / 6)


def test_a_known_parabola_is_found_again():
    x = np.array([1.0, 2, 3, 4, 5])
    u = (x - 3) / 2
    bend, slope = fitted_parabola(np.stack([x, -(0.7 * u**2 + 0.2 * u + 4)], axis=1)[None])
    assert (bend[0], slope[0]) == (pytest.approx(0.7), pytest.approx(0.2))


def test_alignment_undoes_any_similarity(face):
    template = face[0] + np.random.default_rng(0).normal(0, 2, (68, 2))
    once = aligned(face, template)
    assert_allclose(aligned(turned(face, 40, 3, (9, 9)), template), once, atol=1e-9)
    inner = slice(17, 68)
    residual = ((once[0] - template)[inner] ** 2).sum()
    for nudged in (turned(once, 1), once * 1.01, once + 0.1):
        assert ((nudged[0] - template)[inner] ** 2).sum() > residual


def test_mirror_table_is_an_involution():
    assert (MIRROR[MIRROR] == np.arange(68)).all()
    assert set(MIRROR[list(RIGHT_EYE)]) == set(LEFT_EYE)
    assert set(MIRROR[list(OUTER_MOUTH)]) == set(OUTER_MOUTH)


def test_closing_an_eye_lowers_its_ratio(face):
    closed = face.copy()
    closed[0, [43, 44], 1] = closed[0, [47, 46], 1]
    before, after = measured(face), measured(closed)
    assert after["ellipse_left_eye_ratio"][0] < 0.5 * before["ellipse_left_eye_ratio"][0]
    assert after["ellipse_right_eye_ratio"][0] == pytest.approx(before["ellipse_right_eye_ratio"][0])


def test_raised_mouth_corners_raise_their_tilt(face):
    smiling = face.copy()
    smiling[0, [48, 54], 1] -= 3
    name = "angle_left_mouth_corner_to_lower_lip_tilt"  # from the corner down to the lip: more negative
    assert measured(smiling)[name][0] < measured(face)[name][0]


def test_missing_faces_stay_missing_and_harm_no_other(sample_landmarks):
    points = sample_landmarks.points[:5].astype(float)
    holed = points.copy()
    holed[2] = np.nan
    table, whole = feature_table(holed, ALL), feature_table(points, ALL)
    assert np.isnan(table.X[2]).all()
    assert_allclose(np.delete(table.X, 2, axis=0), np.delete(whole.X, 2, axis=0))


def test_a_face_of_one_point_is_missing():
    assert np.isnan(feature_table(np.ones((1, 68, 2)), ALL).X).all()


def test_batch_equals_single(sample_landmarks):
    points = sample_landmarks.points[:20]
    batch = feature_table(points, ALL).X
    single = np.concatenate([feature_table(points[row : row + 1], ALL).X for row in range(20)])
    assert_allclose(batch, single, rtol=1e-9, atol=1e-12)


def test_the_layout_in_memory_changes_nothing(sample_landmarks):
    points = normalised(sample_landmarks.points[:7])
    for family in (FAMILIES[name] for name in ALL):
        assert_allclose(family.compute(np.ascontiguousarray(points)), family.compute(points), rtol=1e-9, atol=1e-12)


def test_plain_loops_over_one_face_agree(sample_landmarks):
    points = sample_landmarks.points[:5].astype(float)
    table = feature_table(points).X
    assert_allclose([plain_face(face) for face in points.tolist()], table, atol=1e-9)
    assert_allclose([usual_face(face) for face in points], table, atol=1e-9)


def test_every_feature_can_be_drawn(face):
    for feature in FEATURES.values():
        for line in feature.draw(face[0]):
            assert line.shape[1] == 2 and len(line) >= 2 and np.isfinite(line).all()


def test_names_follow_the_families():
    transformer = FaceFeatures(("angles",)).fit(np.zeros((1, 136)))
    assert list(transformer.get_feature_names_out()) == list(FAMILIES["angles"].names)


def test_the_page_of_features_is_up_to_date():
    root = Path(__file__).resolve().parents[1]
    page = runpy.run_path(str(root / "scripts" / "features_table.py"))["page"]()
    assert (root / "docs" / "features.md").read_text() == page, "run python scripts/features_table.py"
