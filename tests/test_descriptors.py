"""Descriptors of the aligned face, on real and drawn pictures."""

import cv2
import numpy as np
import pytest

from lineament.data import LineamentError
from lineament.data.images import UnreadableImage
from lineament.data.parallel import Workers
from lineament.features import FAMILIES, Measures, face_table, feature_table, measure
from lineament.features.binary import binary
from lineament.features.hog import hog
from lineament.features.lbp import lbp
from lineament.features.pixels import SIDE, aligned_face, mirror_image
from lineament.landmarks import given_faces
from lineament.landmarks.layout import mirrored


@pytest.fixture(scope="module")
def face(sample, sample_landmarks):
    return sample.images[0], sample_landmarks.points[0].astype(float)


def test_the_aligned_face_stays_where_the_picture_is_turned_scaled_and_moved(face):
    image, points = face
    upright, places = aligned_face(image, points)
    height, width = image.shape[:2]
    transform = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1.3)
    moved = cv2.warpAffine(image, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    turned, turned_places = aligned_face(moved, points @ transform[:, :2].T + transform[:, 2])
    assert np.allclose(places, turned_places, atol=1e-6)
    inner = slice(20, SIDE - 20)
    assert np.abs(upright[inner, inner].astype(int) - turned[inner, inner]).mean() < 3


def test_the_mirror_image_is_that_of_the_mirrored_picture(face):
    image, points = face
    one, places = mirror_image(*aligned_face(image, points))
    other, other_places = aligned_face(np.ascontiguousarray(image[:, ::-1]), mirrored(points, image.shape[1] - 1))
    assert np.allclose(places, other_places, atol=0.2)  # the mean face is rounded
    assert np.abs(one.astype(int) - other).mean() < 2


def test_light_changes_no_descriptor():
    rng = np.random.default_rng(0)
    face = cv2.GaussianBlur(rng.integers(40, 120, (SIDE, SIDE), dtype=np.uint8), (0, 0), 2)
    points = rng.uniform(20, 76, (68, 2))
    for compute, brighter in ((hog, face * 2), (lbp, face + 90), (binary, face + 90)):
        assert np.allclose(compute(face, points), compute(brighter, points), atol=0.03), compute.__name__


def test_gradients_around_a_point_see_its_surroundings_alone():
    points = np.full((68, 2), 48.0)
    points[48] = 20, 70
    face = np.full((SIDE, SIDE), 100, dtype=np.uint8)
    changed = face.copy()
    changed[66:74, 16:20] = 200
    names, difference = FAMILIES["hog"].names, np.abs(hog(face, points) - hog(changed, points))
    moved = {name.split("_")[1] for name, step in zip(names, difference) if step > 0 and name.startswith("hog24")}
    assert moved == {"p48"}


def test_every_family_gives_its_named_columns(sample, sample_landmarks):
    few, points = sample.take(range(3)), sample_landmarks.points[:3].copy()
    points[1] = np.nan
    for name, family in {name: one for name, one in FAMILIES.items() if one.needs_pixels}.items():
        table = face_table(given_faces(few.images, points), [name])
        assert table.names == family.names and len(set(table.names)) == len(table.names)
        assert np.isnan(table.X[1]).all() and np.isfinite(table.X[[0, 2]]).all()
        assert (table.X[[0, 2]] >= 0).all() and (table.X[[0, 2]] <= 1).all()


def test_geometry_and_pixels_share_a_table(sample, sample_landmarks):
    few, points = sample.take(range(4)), sample_landmarks.points[:4]
    table = face_table(given_faces(few.images, points), ["binary", "angles"])
    alone = feature_table(points, ["angles"])
    assert table.names == alone.names + FAMILIES["binary"].names
    assert np.allclose(table.X[:, : len(alone.names)], alone.X, rtol=1e-6)


def test_the_number_of_jobs_changes_nothing(sample, sample_landmarks):
    few, points = sample.take(range(20)), sample_landmarks.points[:20]
    faces = given_faces(few.images, points)
    one, two = (measure(faces, Measures(("lbp",)), Workers(n)).table.X for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_landmarks_without_pictures_are_told(sample, sample_landmarks):
    class NoPictures(list):
        def take(self, rows):
            return NoPictures(rows)

        def __getitem__(self, row):
            raise UnreadableImage("no picture")

        def digest(self, row):
            raise UnreadableImage("no picture")

    bare = given_faces(NoPictures(range(2)), sample_landmarks.points[:2])
    with pytest.raises(LineamentError, match="hog need pictures, and 2 of 2 faces have none"):
        measure(bare, Measures(("hog",)))
    with pytest.raises(LineamentError, match="A network needs pictures"):
        measure(bare, Measures(("angles",), crop=48))
