"""Furrows are seen where they are drawn, and the action units that fold the skin there follow."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lineament.data.images import ArrayImages, UnreadableImage
from lineament.features import FAMILIES, FEATURES, face_table, feature_table
from lineament.features.aus import UNITS, skin_terms
from lineament.features.furrows import FURROWS, REGIONS, columns_of, furrows, sampled
from lineament.features.pixels import EYES_AT, IOD, SIDE
from lineament.features.shape import TEMPLATE
from lineament.landmarks import given_faces
from lineament.landmarks.layout import mirrored

POINTS = TEMPLATE * IOD + EYES_AT
# On the subject's right, drawn on both sides: from and to, in IOD from between the eyes.
LINES = {
    "forehead": [((-0.2, -0.45), (0.2, -0.45)), ((-0.2, -0.39), (0.2, -0.39))],
    "forehead_side": [((-0.62, -0.34), (-0.45, -0.42)), ((-0.62, -0.28), (-0.45, -0.36))],
    "glabella": [((-0.04, -0.26), (-0.04, -0.05))],
    "eye_corner": [((-0.55, 0.02), (-0.70, 0.02)), ((-0.55, 0.05), (-0.70, 0.12))],
    "lower_lid": [((-0.45, 0.13), (-0.27, 0.13)), ((-0.45, 0.2), (-0.27, 0.2))],
    "nose_root": [((-0.08, 0.05), (0.08, 0.05)), ((-0.08, 0.15), (0.08, 0.15))],
    "nasolabial": [((-0.28, 0.41), (-0.40, 0.70))],
    "upper_lip": [((-0.03, 0.59), (-0.03, 0.63))],
    "mouth_corner": [((-0.43, 0.69), (-0.43, 0.82))],
    "below_mouth_corner": [((-0.39, 0.85), (-0.39, 0.98))],
    "chin": [((-0.15, 1.05), (0.15, 1.05)), ((-0.15, 1.15), (0.15, 1.15))],
}
NAMES = [feature.name for feature in FURROWS]


def drawn(*lines):
    """A smooth face, darker towards the chin, with dark lines on both sides of the midline."""
    face = np.tile((200 - np.arange(SIDE))[:, None], (1, SIDE)).astype(np.uint8)
    for line in lines:
        for side in (1, -1):
            ends = [tuple(np.round((np.array(end) * (side, 1) * IOD + EYES_AT) * 16).astype(int)) for end in line]
            cv2.line(face, *ends, 50, 1, cv2.LINE_AA, shift=4)
    return face


def pictures(*faces):
    return ArrayImages(np.stack(faces))


def units(face, families=("aus",)):
    table = face_table(given_faces(pictures(face), POINTS[None]), families)
    return dict(zip(table.names, table.X[0]))


def test_smooth_skin_has_no_furrows_and_no_unit():
    assert_allclose(furrows(drawn()[None], POINTS[None]), 0, atol=1e-9)
    assert furrows(np.full((1, SIDE, SIDE), 90, np.uint8), POINTS[None]).max() == 0


def test_every_region_has_a_line_to_be_tested_with():
    assert set(LINES) == {region.name for region in REGIONS}
    assert {unit.skin[0] for unit in UNITS if unit.skin} <= set(LINES)


@pytest.mark.parametrize("region", LINES)
def test_a_furrow_is_seen_in_its_region_and_raises_its_unit(region):
    plain, lined = drawn(), drawn(*LINES[region])
    change = (furrows(lined[None], POINTS[None]) - furrows(plain[None], POINTS[None]))[0]
    own = columns_of(region)
    assert change[own].min() > 0.1 and change[own].min() > 3 * np.abs(np.delete(change, own)).max()
    before, after = units(plain), units(lined)
    for unit in UNITS:
        step = after[unit.name] - before[unit.name]
        if unit.skin and unit.skin[0] == region:
            assert step == pytest.approx(unit.skin[1] * change[own].mean(), rel=1e-3) and step > 0.01
        else:
            assert abs(step) < 0.01 + 0.1 * bool(unit.skin) * change[own].mean()


@pytest.mark.parametrize(
    "region, raised, untouched",
    [
        ("forehead", "au1", "au17"),
        ("forehead_side", "au2", "au4"),
        ("glabella", "au4", "au12"),
        ("eye_corner", "au6", "au9"),
        ("nose_root", "au9", "au4"),
        ("nasolabial", "au12", "au4"),
        ("nasolabial", "au10", "au17"),
        ("mouth_corner", "au14", "au6"),
        ("chin", "au17", "au15"),
    ],
)
def test_drawn_lines_raise_their_unit_and_not_another(region, raised, untouched):
    before, after = units(drawn()), units(drawn(*LINES[region]))
    assert after[raised] > before[raised] + 0.02
    assert after[untouched] == pytest.approx(before[untouched], abs=0.005)


def test_lines_along_the_other_way_are_no_furrows_of_the_region():
    level = drawn(((-0.3, -0.2), (0.3, -0.2)), ((-0.3, -0.1), (0.3, -0.1)))
    upright = drawn(*LINES["glabella"])
    at = NAMES.index("furrows_glabella")
    assert furrows(level[None], POINTS[None])[0, at] < furrows(upright[None], POINTS[None])[0, at] / 5


def test_bright_lines_count_less():
    at = NAMES.index("furrows_glabella")
    bright = 255 - drawn(*LINES["glabella"])  # the shade turns round as well
    dark = drawn(*LINES["glabella"])
    assert furrows(bright[None], POINTS[None])[0, at] < 0.7 * furrows(dark[None], POINTS[None])[0, at]


def test_light_changes_nothing():
    face = drawn(*LINES["nasolabial"], *LINES["chin"])
    darker = (face * 0.5 + 20).astype(np.uint8)
    assert_allclose(furrows(darker[None], POINTS[None]), furrows(face[None], POINTS[None]), atol=0.03)


def test_the_mirror_image_swaps_left_and_right(sample, sample_landmarks):
    few, points = sample.take(range(5)), sample_landmarks.points[:5]
    own, other = (
        face_table(given_faces(few.images, points), ["furrows", "aus"], mirror=mirror) for mirror in (False, True)
    )
    swapped = [name.replace("right", "?").replace("left", "right").replace("?", "left") for name in own.names]
    assert_allclose(other.X, own.X[:, [own.names.index(name) for name in swapped]], atol=1e-4)
    one_sided = drawn()
    one_sided[:, : SIDE // 2] = drawn(*LINES["nasolabial"])[:, : SIDE // 2]  # the subject's right
    measured = dict(zip(NAMES, furrows(one_sided[None], POINTS[None])[0]))
    assert measured["furrows_right_nasolabial"] > 0.1 > 5 * measured["furrows_left_nasolabial"]
    flipped = furrows(one_sided[None, :, ::-1], mirrored(POINTS, SIDE - 1)[None])[0]
    assert dict(zip(NAMES, flipped))["furrows_left_nasolabial"] == pytest.approx(measured["furrows_right_nasolabial"])


def test_scale_and_turn_change_little(sample, sample_landmarks):
    image, points = sample.images[0], sample_landmarks.points[0].astype(float)
    height, width = image.shape[:2]
    transform = cv2.getRotationMatrix2D((width / 2, height / 2), 10, 1.5)
    moved = cv2.warpAffine(image, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    own, other = (
        face_table(given_faces(pictures(picture), places[None]), ["furrows"]).X[0]
        for picture, places in ((image, points), (moved, points @ transform[:, :2].T + transform[:, 2]))
    )
    assert np.corrcoef(own, other)[0, 1] > 0.9


def test_missing_faces_stay_missing_and_harm_no_other(sample, sample_landmarks):
    few, points = sample.take(range(4)), sample_landmarks.points[:4].copy()
    whole = face_table(given_faces(few.images, points), ["aus", "furrows"])
    points[1], points[2] = np.nan, 7  # not found; all points in one place
    table = face_table(given_faces(few.images, points), ["aus", "furrows"])
    assert np.isnan(table.X[1:3]).all()
    assert_array_equal(table.X[[0, 3]], whole.X[[0, 3]])


def test_batch_equals_single(sample, sample_landmarks):
    few, points = sample.take(range(6)), sample_landmarks.points[:6]
    batch = face_table(given_faces(few.images, points), ["aus"]).X
    single = [face_table(given_faces(few.images.take([row]), points[row : row + 1]), ["aus"]).X[0] for row in range(6)]
    assert_allclose(batch, single, rtol=1e-6)


def test_units_are_the_same_beside_other_families(sample, sample_landmarks):
    few, points = sample.take(range(3)), sample_landmarks.points[:3]
    faces = given_faces(few.images, points)
    alone, beside = face_table(faces, ["aus"]), face_table(faces, ["angles", "aus", "binary", "furrows"])
    assert alone.X.dtype == np.float64
    assert_allclose(beside.X[:, [beside.names.index(name) for name in alone.names]], alone.X, rtol=1e-5, atol=1e-6)
    assert beside.names[-len(FURROWS) :] == FAMILIES["furrows"].names


def test_without_pictures_units_rest_on_points_alone(sample, sample_landmarks, caplog):
    class NoPictures(list):
        def take(self, rows):
            return NoPictures(rows)

        def __getitem__(self, row):
            raise UnreadableImage("no picture")

        def digest(self, row):
            raise UnreadableImage("no picture")

    few, points = sample.take(range(3)), sample_landmarks.points[:3]
    with caplog.at_level("INFO"):
        table = face_table(given_faces(NoPictures(range(3)), points), ["aus"])
    assert "3 faces have no picture" in caplog.text
    assert_array_equal(table.X, feature_table(points, ["aus"]).X)
    assert np.abs(face_table(given_faces(few.images, points), ["aus"]).X - table.X).max() > 0.01


def test_unseen_skin_counts_as_usual():
    assert_array_equal(skin_terms(np.full((2, len(FURROWS)), np.nan)), np.zeros((2, len(UNITS))))


def test_what_a_unit_rests_on_is_said():
    for unit in UNITS:
        said = FEATURES[unit.name].formula
        assert ("points and skin" in said) == (f"furrowed({unit.skin[0]})" in said if unit.skin else False)
        assert ("points alone" in said) == (unit.skin is None)


def test_gray_between_pixels_is_linear():
    faces = np.add.outer(3 * np.arange(4), 10 * np.arange(5)).astype(np.uint8)[None]  # 10 a column, 3 a row
    assert_allclose(sampled(faces, np.array([[1.5 + 2.25j, -3 + 0j, 9 + 9j]])), [[21.75, 0, 49]])
