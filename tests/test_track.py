"""Faces followed over frames: the same points, stable ids, no growth."""

import numpy as np
import pytest

from lineament.data.images import decode_image
from lineament.landmarks.find import find_faces
from lineament.landmarks.track import KEEP_FRAMES, Track, Tracker, collect_tracks

GRAY = 90


@pytest.fixture(scope="module")
def shot(photos):
    """A photo with three faces, as an array."""
    return decode_image((photos / "2008_001322.jpg").read_bytes())


def moved(image, right):
    frame = np.full_like(image, GRAY)
    frame[:, right:] = image[:, : image.shape[1] - right]
    return frame


def test_faces_keep_their_ids_and_move_with_the_picture(shot):
    frames = [(k / 30, moved(shot, 2 * k)) for k in range(6)]
    tracks = collect_tracks(frames, detect_every=4)
    assert [track.face_id for track in tracks] == [0, 1, 2] and all(len(track) == 6 for track in tracks)
    for track in tracks:
        way = np.nanmean(track.points[-1] - track.points[0], axis=0)
        assert np.allclose(way, [10, 0], atol=1.0)


def test_without_following_points_are_those_of_a_picture_alone(shot):
    faces = Tracker(follow=False).update(shot)
    for face, alone in zip(faces, find_faces(shot), strict=True):
        assert np.array_equal(face.points, alone.points)


def test_a_still_face_keeps_its_points(shot):
    tracker = Tracker(detect_every=100)
    first = tracker.update(shot)
    for _ in range(3):
        last = tracker.update(shot)
    for before, after in zip(first, last, strict=True):
        eyes = np.linalg.norm(before.points[36:42].mean(axis=0) - before.points[42:48].mean(axis=0))
        assert np.linalg.norm(before.points - after.points, axis=1).mean() < 0.02 * eyes


def test_a_cut_loses_faces_at_once_and_their_return_restores_the_ids(shot):
    tracker, blank = Tracker(), np.full_like(shot[:200, :200], GRAY)
    tracker.update(shot)
    assert tracker.update(blank) == []
    for _ in range(20):
        tracker.update(blank)
        if tracker._frame - tracker._searched == tracker.detect_every - 1:
            break
    assert sorted(face.face_id for face in tracker.update(shot)) == [0, 1, 2]


def test_what_is_remembered_does_not_grow(shot):
    blank = np.full((64, 200), GRAY, dtype=np.uint8)
    tracker = Tracker()
    tracker.update(shot)
    for _ in range(KEEP_FRAMES + 20):
        tracker.update(blank)
    assert not tracker._absent and not tracker._patches and not tracker._present


def test_track_checks_its_lengths():
    with pytest.raises(ValueError, match="2 times"):
        Track(np.zeros((1, 68, 2)), np.zeros(2))
