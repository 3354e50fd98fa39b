"""The embedded sample: reproducible, unbroken, seen by the detector, neither trivial nor hopeless."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from lineament.data import face_model as fm
from lineament.data.fer2013 import LABELS
from lineament.data.sample import draw_sample
from lineament.landmarks.find import find_face
from lineament.landmarks.layout import LEFT_EYE, RIGHT_EYE

MAX_ASSET_BYTES = 3_000_000
SUBJECTS, PER_EMOTION = 40, 3


@pytest.fixture(scope="module")
def sample():
    return draw_sample(seed=0)


@pytest.fixture(scope="module")
def faces(sample):
    return [find_face(image) for image in sample.images]


def test_forty_subjects_show_seven_emotions_three_times(sample):
    n = SUBJECTS * len(LABELS) * PER_EMOTION
    assert len(sample) == n == 840
    assert sample.label_names == LABELS
    assert set(sample.label_counts().values()) == {SUBJECTS * PER_EMOTION}
    assert len(np.unique(sample.groups)) == SUBJECTS
    assert len(np.unique(sample.keys)) == n
    assert sample.split is None
    assert sample.synthetic and "nobody" in sample.about


def test_keys_name_subject_and_emotion(sample):
    for key, subject, emotion in zip(sample.keys, sample.groups, sample.target):
        assert key.startswith(f"{subject}_{LABELS[emotion]}_")
    assert "s07_happy_1" in sample.keys


def test_pictures_are_gray_and_not_clipped(sample):
    assert sample.images[0].shape == (fm.PICTURE, fm.PICTURE)
    assert all(image.dtype == np.uint8 for image in sample.images)
    pictures = np.stack(list(sample.images))
    assert ((pictures == 0) | (pictures == 255)).mean(axis=(1, 2)).max() <= 0.04
    assert pictures.std(axis=(1, 2)).min() > 10


def test_same_seed_same_pictures_other_seed_others(sample):
    again, other = draw_sample(seed=0), draw_sample(seed=1, n_subjects=2, per_emotion=1)
    assert np.array_equal(np.stack(list(sample.images)), np.stack(list(again.images)))
    assert not np.array_equal(other.images[0], sample.images[0])


def test_no_picture_comes_twice(sample):
    assert len({sample.images.digest(row) for row in range(len(sample))}) == len(sample)


def test_detector_finds_the_faces(faces):
    found = np.array([face.found for face in faces])
    score = np.array([face.score for face in faces])
    assert found.mean() >= 0.97
    assert (score > 0).mean() >= 0.9


def test_emotions_are_neither_given_away_nor_hidden(sample, faces):
    points = np.stack([face.points for face in faces]).astype(float)
    right, left = points[:, RIGHT_EYE].mean(axis=1), points[:, LEFT_EYE].mean(axis=1)
    across = (left - right) @ (1, 1j)
    upright = ((points - right[:, None]) @ (1, 1j)) / across[:, None]  # eyes at 0 and 1
    model = make_pipeline(StandardScaler(), SVC(C=10))
    accuracy = cross_val_score(
        model, np.hstack([upright.real, upright.imag]), sample.target, groups=sample.groups, cv=GroupKFold(5)
    ).mean()
    assert 0.6 < accuracy < 0.95


def test_asset_is_small_and_holds_means_and_modes_only():
    assert fm.ASSET.stat().st_size <= MAX_ASSET_BYTES
    model = fm.AppearanceModel.load()
    n_shape, n_texture = len(model.shape_modes), len(model.texture_modes)
    assert tuple(model.emotions) == LABELS
    assert model.emotion_mean.shape == (len(LABELS), n_shape + n_texture)
    assert model.texture_modes.shape == (n_texture, fm.CANVAS, fm.CANVAS)


def test_mean_face_is_not_folded_and_a_turned_triangle_is():
    model = fm.AppearanceModel.load()
    points = fm.with_shut_lips(model.points(model.emotion_mean))
    assert not model.folded(points).any()
    points[:, 30] += (0, 40)  # the nose's tip below the mouth
    assert model.folded(points).all()


def test_heights_of_a_known_triangle():
    corners = np.array([[[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]]])  # sides 3, 4, 5: the least height is 12 / 5
    assert fm.mesh_areas(corners, np.array([[0, 1, 2]])) == pytest.approx(6)
    assert fm.mesh_heights(corners, np.array([[0, 1, 2]])) == pytest.approx(2.4)
    assert fm.mesh_heights(corners, np.array([[0, 2, 1]])) == pytest.approx(-2.4)


def test_drawing_the_reference_in_itself_moves_nothing():
    model = fm.AppearanceModel.load()
    y, x = np.mgrid[: fm.CANVAS, : fm.CANVAS].astype(np.float32)
    cut = slice((fm.CANVAS - fm.PICTURE) // 2, (fm.CANVAS + fm.PICTURE) // 2)
    assert model.render(model.reference, x) == pytest.approx(x[cut, cut], abs=0.05)
    assert model.render(model.reference, y) == pytest.approx(y[cut, cut], abs=0.05)


def test_crossed_lips_meet():
    model = fm.AppearanceModel.load()
    points = model.shape_mean[None].astype(float)
    points[:, 62, 1], points[:, 66, 1] = 80, 78
    shut = fm.with_shut_lips(points)
    assert shut[0, 66, 1] - shut[0, 62, 1] == pytest.approx(fm.MIN_LIP_GAP)
    assert shut[0, [62, 66], 1].mean() == pytest.approx(79)
