"""Action units do what their definitions say: move a part of a drawn face, and its unit follows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lineament.features import FEATURES, feature_table
from lineament.features.areas import aspect_ratio
from lineament.features.aus import UNITS
from lineament.features.shape import TEMPLATE
from lineament.landmarks.layout import LEFT_EYE, MIRROR, RIGHT_EYE, mirrored

NEUTRAL = TEMPLATE * 100 + 200  # px
BROWS = {"inner": [20, 21, 22, 23], "outer": [17, 18, 25, 26], "all": list(range(17, 27))}
UPPER_LIDS, LOWER_LIDS = [37, 38, 43, 44], [41, 40, 47, 46]
LOWER_LIP, CHIN = [55, 56, 57, 58, 59, 65, 66, 67], list(range(4, 13))


def units(face):
    table = feature_table(face[None], ("aus",))
    return dict(zip(table.names, table.X[0]))


def moved(*moves):
    """The drawn face with points moved: (points, x, y) in px, x away from the midline, y down."""
    face = NEUTRAL.copy()
    for points, out, down in moves:
        face[points, 0] += out * np.sign(TEMPLATE[points, 0])
        face[points, 1] += down
    return face


def changes(*moves):
    before, after = units(NEUTRAL), units(moved(*moves))
    return {name: after[name] - before[name] for name in before}


def test_the_asked_units_are_there_with_formula_and_unit():
    numbers = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 24, 25, 26, 43, 45]
    assert [unit.number for unit in UNITS] == numbers
    for unit in UNITS:
        assert FEATURES[unit.name].formula.startswith(unit.title) and FEATURES[unit.name].unit in ("IOD", "1")


def test_the_mean_face_shows_none_but_its_parted_lips():
    values = units(NEUTRAL)
    gap = (TEMPLATE[[67, 66, 65, 66], 1] - TEMPLATE[[61, 62, 63, 62], 1]).mean()
    assert values.pop("au25") == pytest.approx(gap)
    assert_allclose(list(values.values()), 0, atol=1e-12)


def test_a_shut_eye():
    face = moved()
    face[[37, 38], 1] = face[[41, 40], 1]
    before, after = units(NEUTRAL), units(face)
    assert after["au43"] == pytest.approx(0.5)  # one of two
    assert after["au45"] > before["au45"] + 0.3 and after["au5"] < before["au5"]
    right, left = ([(eye[1], eye[5]), (eye[2], eye[4])] for eye in (RIGHT_EYE, LEFT_EYE))
    assert aspect_ratio(face[None], right, (36, 39))[0] < aspect_ratio(NEUTRAL[None], left, (42, 45))[0] / 4
    face[[43, 44], 1] = face[[47, 46], 1]
    assert units(face)["au43"] == pytest.approx(1)


def test_wide_eyes():
    change = changes((UPPER_LIDS, 0, -3))
    assert change["au5"] == pytest.approx(0.03) and change["au43"] < 0 and change["au7"] == 0


@pytest.mark.parametrize("name", ["au6", "au7"])
def test_raised_lower_lids(name):
    change = changes((LOWER_LIDS, 0, -3))
    assert change[name] == pytest.approx(0.03) and change["au43"] > 0 and change["au45"] == 0


def test_corners_up_are_12_and_not_15_and_down_the_reverse():
    up, down = changes(([48, 54], 4, -8)), changes(([48, 54], 0, 8))
    assert up["au12"] > 0.05 and up["au15"] < 0 and down["au15"] > 0.05 and down["au12"] < 0


def test_corners_apart_are_20_and_together_are_23():
    apart, together = changes(([48, 54], 6, 0)), changes(([48, 54], -6, 0))
    assert apart["au20"] > 0.03 and apart["au15"] == pytest.approx(0)
    assert together["au23"] > 0.03 and together["au20"] < 0


def test_brows():
    inner, outer = changes((BROWS["inner"], 0, -5)), changes((BROWS["outer"], 0, -5))
    assert inner["au1"] == pytest.approx(0.05) and inner["au2"] == 0
    assert outer["au2"] == pytest.approx(0.05) and outer["au1"] == 0
    down, together = changes((BROWS["all"], 0, 5)), changes((BROWS["inner"], -3, 0))
    assert down["au4"] == pytest.approx(0.05) and together["au4"] == pytest.approx(0.03)
    assert down["au1"] < 0 and inner["au4"] < 0


def test_an_open_mouth():
    opened = changes((LOWER_LIP, 0, 12), (CHIN, 0, 12))
    assert opened["au25"] == opened["au26"] == pytest.approx(0.12)
    assert opened["au24"] < 0 and opened["au17"] < 0
    assert changes((LOWER_LIP, 0, 12))["au26"] == 0


def test_pressed_lips():
    face = moved(([50, 51, 52], 0, 4), (LOWER_LIP, 0, -8))
    face[[61, 62, 63], 1] = face[[67, 66, 65], 1] = (face[[61, 62, 63], 1] + face[[67, 66, 65], 1]) / 2
    before, after = units(NEUTRAL), units(face)
    assert after["au24"] > before["au24"] + 0.05 and after["au23"] > before["au23"]
    assert after["au25"] == pytest.approx(0)


@pytest.mark.parametrize(
    "name, points, out, down",
    [
        ("au9", [31, 35], 0, -4),
        ("au10", [50, 51, 52], 0, -4),
        ("au14", [49, 53], 0, 4),
        ("au17", [56, 57, 58], 0, -4),
    ],
)
def test_what_a_single_unit_follows(name, points, out, down):
    assert changes((points, out, down))[name] == pytest.approx(0.04)


def test_both_sides_count_alike(sample_landmarks):
    points = sample_landmarks.points[:20].astype(float)
    assert_allclose(feature_table(mirrored(points, 96), ("aus",)).X, feature_table(points, ("aus",)).X, atol=1e-6)
    face = NEUTRAL.copy()
    face[48, 1] -= 8
    other = NEUTRAL.copy()
    other[MIRROR[48], 1] -= 8
    assert units(face) == pytest.approx(units(other))


def test_emotions_show_in_their_units(sample, sample_landmarks):
    """After EMFACS: happiness 6 + 12, surprise 1 + 2 + 5 + 26, anger 4."""
    table = feature_table(sample_landmarks.points, ("aus",))
    for emotion, names in {"happy": ["au12"], "surprise": ["au1", "au2", "au5", "au26"], "angry": ["au4"]}.items():
        for name in names:
            column = table.X[:, table.names.index(name)]
            means = [np.nanmean(column[sample.target == label]) for label in range(len(sample.label_names))]
            assert sample.label_names[int(np.argmax(means))] == emotion, name
