"""Landmarks by the real dlib on real and drawn pictures."""

import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
import pytest

from lineament.data import LineamentError, find_duplicates, load_dataset
from lineament.data.files import write_atomically
from lineament.data.images import ArrayImages, TreeImages, decode_image
from lineament.data.packed import open_tree
from lineament.data.parallel import Workers
from lineament.data.similar import Signatures, signature
from lineament.landmarks import Faces, Finder, find_face, look_at
from lineament.landmarks.cache import RowCache
from lineament.landmarks.find import extractor_version


def looked(images, *, n_jobs=1, cache=None, takers=(), **finder):
    return look_at(ArrayImages(images), finder=Finder(**finder), cache=cache, takers=takers, workers=Workers(n_jobs))


def same(one: Faces, other: Faces):
    for field in ("points", "boxes", "found", "score"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def test_the_sample_is_found(sample_landmarks):
    assert sample_landmarks.found.mean() >= 0.97


def test_points_agree_with_the_annotation_of_a_photo(photos):
    """dlib's own points stand in the annotation: the largest face of each photo, within 4 % of the eye distance."""
    errors = []
    for file in ("training.xml", "testing.xml"):
        for image in ElementTree.parse(photos / file).iter("image"):
            face = find_face(decode_image((photos / image.get("file")).read_bytes()))
            centre = (face.box[:2] + face.box[2:]) / 2
            boxes = list(image.iter("box"))
            sides = [[float(box.get(side)) for side in ("left", "top", "width", "height")] for box in boxes]
            near = int(np.argmin([np.hypot(x + w / 2 - centre[0], y + h / 2 - centre[1]) for x, y, w, h in sides]))
            truth = np.array([[float(part.get("x")), float(part.get("y"))] for part in boxes[near].iter("part")])
            eyes = np.hypot(*(truth[45] - truth[36]))
            errors.append(np.hypot(*(face.points - truth).T).mean() / eyes)
    assert np.mean(errors) < 0.04


def test_a_picture_without_a_face_says_so(photos):
    dogs = decode_image((photos / "dogs.jpg").read_bytes())
    face = find_face(dogs)
    assert not face.found and np.isnan(face.score) and np.isfinite(face.points).all()


def test_real_crops_are_mostly_found(fer_zip):
    dataset = load_dataset("fer2013", fer_zip).take(np.arange(0, 32298, 160))
    landmarks = look_at(dataset.images, workers=Workers(2))
    assert landmarks.found.mean() >= 0.9
    eyes = landmarks.points[:, 36:48]  # the jaw may lie outside a tight crop, eyes do not
    assert ((eyes > 0) & (eyes < 47)).all(axis=(1, 2)).mean() > 0.95


def test_points_follow_the_picture(sample):
    """A face shifted by 5 px has its points shifted by 5 px, whatever was resized on the way."""
    image = sample.images[0]
    shifted = np.roll(image, 5, axis=1)
    moved = find_face(shifted).points - find_face(image).points
    assert abs(np.median(moved[:, 0]) - 5) < 1 and abs(np.median(moved[:, 1])) < 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2), (48, 48), (200, 3), (300, 300, 3)])
def test_any_picture_gets_a_row(shape):
    landmarks = looked([np.full(shape, 90, dtype=np.uint8)])
    assert not landmarks.found[0] and np.isfinite(landmarks.points).all() and landmarks.problems == ("",)


def test_dropped_misses_are_missing_rows(sample):
    images = [sample.images[0], np.zeros((48, 48), dtype=np.uint8)]
    landmarks = looked(images, on_miss="drop")
    assert landmarks.found.tolist() == [True, False]
    assert np.isfinite(landmarks.points[0]).all() and np.isnan(landmarks.points[1]).all()


def test_no_detector_takes_the_whole_picture(sample):
    assert not looked([sample.images[0]], detector="none").found.any()


def test_unreadable_pictures_keep_their_row_and_reason(tmp_path, sample):
    (tmp_path / "a.png").write_bytes(b"no picture")
    tree = open_tree(tmp_path)
    landmarks = look_at(TreeImages(tree, ["a.png", "b.png"]))
    assert not landmarks.readable.any() and all(landmarks.problems)


def test_batch_jobs_and_cache_change_nothing(sample, tmp_path):
    images = [sample.images[row] for row in range(30)]
    single = np.stack([find_face(image).points for image in images])
    first = looked(images, cache=tmp_path, n_jobs=2)
    np.testing.assert_array_equal(first.points, single)
    same(first, looked(images, n_jobs=1))
    again = looked(images, cache=tmp_path)
    same(first, again)
    assert (first.n_fresh, again.n_fresh) == (30, 0)


def test_equal_pictures_are_worked_on_once(sample):
    landmarks = looked([sample.images[0]] * 5)
    assert landmarks.n_fresh == 1 and (landmarks.points == landmarks.points[0]).all()


class Counted(ArrayImages):
    """Pictures that count how often each is decoded."""

    def __init__(self, arrays):
        super().__init__(arrays)
        self.decoded = []

    def __getitem__(self, index):
        self.decoded.append(index)
        return super().__getitem__(index)

    def take(self, rows):
        taken = Counted([self.arrays[row] for row in rows])
        taken.decoded = self.decoded
        return taken

    def digest(self, index):
        return ArrayImages(self.arrays).digest(index)


def brightness(pictures, points, boxes):
    return {"brightness": np.array([picture.mean() for picture in pictures]), "seen": np.isfinite(points).all((1, 2))}


def test_every_picture_is_decoded_once_whatever_is_taken(sample, tmp_path):
    pictures = [sample.images[row] for row in range(6)]
    images = Counted([*pictures, pictures[0]])  # the last is a copy
    faces = look_at(images, takers=[brightness, shade], cache=tmp_path)
    assert len(images.decoded) == 6
    np.testing.assert_allclose(faces.taken["brightness"], [*(p.mean() for p in pictures), pictures[0].mean()])
    assert faces.taken["seen"].all() and (faces.taken["shade"] == faces.taken["brightness"].astype(int)).all()
    again = Counted([*pictures, pictures[0]])
    same(faces, look_at(again, cache=tmp_path))
    assert not again.decoded  # nothing is taken, and the points are known
    look_at(again, takers=[brightness], cache=tmp_path)
    assert len(again.decoded) == 6


def shade(pictures, points, boxes):
    return {"shade": np.array([int(picture.mean()) for picture in pictures])}


def test_what_tells_copies_is_taken_once_and_then_known(sample, tmp_path):
    pictures = [sample.images[row] for row in range(6)]
    look_at(ArrayImages(pictures[:2]), cache=tmp_path)  # two faces are known, but not what tells their copies
    images = Counted([*pictures, pictures[0]])
    faces = look_at(images, takers=[Signatures()], cache=tmp_path)
    assert (len(images.decoded), faces.n_fresh) == (6, 4)
    images.decoded.clear()
    again = look_at(images, takers=[Signatures()], cache=tmp_path)
    assert not images.decoded and faces.taken.keys() == again.taken.keys() == {"hash", "thumb"}
    more = look_at(images, takers=[Signatures(), brightness], cache=tmp_path)
    assert len(images.decoded) == 6 and np.isfinite(more.taken["brightness"]).all()
    for looked_again in (again, more):
        same(faces, looked_again)
        assert all((faces.taken[name] == looked_again.taken[name]).all() for name in faces.taken)
    assert (faces.taken["thumb"][0] == signature(pictures[0])[1]).all() and faces.taken["hash"].all()


def test_what_is_taken_follows_the_miss_policy_and_the_unreadable(sample, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((48, 48), np.uint8))
    cv2.imwrite(str(tmp_path / "c.png"), sample.images[0])
    images = TreeImages(open_tree(tmp_path), ["a.png", "b.png", "c.png"])
    faces = look_at(images, finder=Finder(on_miss="drop"), takers=[brightness])
    assert faces.taken["seen"].tolist() == [False, False, True] and faces.readable.tolist() == [False, True, True]
    assert np.isnan(faces.taken["brightness"][0]) and faces.taken["brightness"][1] == 0


def test_the_seconds_a_face_took_are_kept(sample, tmp_path):
    images = [sample.images[row] for row in range(3)]
    first, again = looked(images, cache=tmp_path), looked(images, cache=tmp_path)
    assert 0 < first.seconds_per_face < 5 and again.seconds_per_face == first.seconds_per_face


def test_an_interrupted_extraction_goes_on_where_it_stopped(sample, tmp_path, monkeypatch):
    images = [sample.images[row] for row in range(40)]
    stored = []
    store = RowCache.store

    def interrupt(self, **rows):
        if len(stored) == 2:
            raise KeyboardInterrupt
        stored.append(len(rows["digests"]))
        store(self, **rows)

    with monkeypatch.context() as patch:
        patch.setattr(RowCache, "store", interrupt)
        with pytest.raises(KeyboardInterrupt):
            looked(images, cache=tmp_path)
    resumed = looked(images, cache=tmp_path)
    assert resumed.n_fresh == 40 - sum(stored) < 40
    same(resumed, looked(images))


def test_a_damaged_cache_file_is_computed_again(sample, tmp_path, caplog):
    images = [sample.images[0]]
    whole = looked(images, cache=tmp_path)
    (file,) = tmp_path.rglob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    same(whole, looked(images, cache=tmp_path))
    assert "damaged" in caplog.text and file.name in caplog.text


def test_the_cache_knows_its_extractor(tmp_path):
    assert extractor_version("hog") != extractor_version("none")
    with pytest.raises(LineamentError, match="no landmark model"):
        extractor_version("hog", tmp_path / "model.dat")


def test_atomic_writes_leave_nothing_half_done(tmp_path):
    def fail(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(LineamentError, match="No space left .* Free some space"):
        write_atomically(tmp_path / "out", fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options, message", [({"detector": "hug"}, "'hog'"), ({"on_miss": "dorp"}, "'drop'")])
def test_unknown_names_are_answered_with_the_nearest(sample, options, message):
    with pytest.raises(LineamentError, match=message):
        looked([sample.images[0]], **options)


def test_rows_must_agree():
    with pytest.raises(ValueError, match="found has 1 rows for 2"):
        Faces(ArrayImages(np.zeros((2, 4, 4))), np.zeros((2, 68, 2)), np.zeros((2, 4)), np.zeros(1, bool), np.zeros(2))


def test_duplicates_need_digests(sample, sample_digests):
    assert find_duplicates(sample_digests).count == 0
