"""Drawings of answers: nothing over a face, whatever the sizes, the labels and how many faces there are."""

import numpy as np
import pytest

from lineament.apps import annotated as module
from lineament.apps.annotated import LARGEST_SIDE, LEAST_FACE, LEAST_SIDE, Said, annotated
from lineament.landmarks.fitting import Face

LABELS = ("angry", "a label that is far too long for any column of bars", "überrascht", "悲しい")


def face(left, top, side):
    points = np.full((68, 2), np.nan, dtype=np.float32)  # a mark by the box alone
    return Face(np.array([left, top, left + side, top + side], dtype=float), points, 1.0, True)


def said(unsure=False, model=""):
    return Said(LABELS, (0.1, 0.7, 0.15, 0.05), unsure, model)


def drawing(faces, shape=(480, 640, 3), *, steady=False, **options):
    image = np.full(shape, 120, dtype=np.uint8)
    return annotated(image, faces, [[said(**options)] for _ in faces], names=range(len(faces)), steady=steady)


def inside(picture, one, scale):
    left, top, right, bottom = (np.array(one.box) * scale).round().astype(int)
    return picture[top + 3 : bottom - 3, left + 3 : right - 3]


GRID = [face(left, top, 60) for top in range(20, 420, 64) for left in range(2, 570, 64)]


@pytest.mark.parametrize(
    "faces",
    [[face(0, 0, 200)], [face(440, 280, 200)], GRID, [face(0, 0, 640)], [face(100, 100, 70), face(100, 175, 70)]],
    ids=["corner", "other corner", "crowd", "all of it", "one below the other"],
)
def test_nothing_is_written_over_a_face(faces):
    drawn = drawing(faces)
    scale = drawn.shape[0] / 480
    for one in faces:
        assert (inside(drawn, one, scale) == 120).all()


def test_small_faces_and_small_pictures_are_enlarged():
    assert drawing([face(5, 5, 38)], (48, 48)).shape[0] == LEAST_SIDE
    small = drawing([face(300, 200, 32)])
    assert small.shape[0] >= 480 * LEAST_FACE / 32
    assert drawing([face(300, 200, 8)], (1500, 2000)).shape[0] <= LARGEST_SIDE
    assert drawing([face(300, 200, 200)]).shape[0] == 480


def test_frames_of_a_video_have_one_size_whatever_is_seen():
    shapes = {drawing(faces, (361, 481, 3), steady=True).shape for faces in ([], [face(9, 90, 20)], GRID)}
    assert len(shapes) == 1 and not any(side % 2 for side in next(iter(shapes))[:2])


def texts(monkeypatch, *arguments, **options):
    written = []
    original = module.ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        module.ImageDraw.ImageDraw, "text",
        lambda self, place, text, *rest, **how: written.append(text) or original(self, place, text, *rest, **how),
    )  # fmt: skip
    drawing(*arguments, **options)
    return written


def test_what_is_said_is_written(monkeypatch):
    written = texts(monkeypatch, [face(200, 200, 100)])
    assert f"0  {LABELS[1]} 70 %" in written and {"überrascht", "悲しい", "70 %", "15 %"} <= set(written)
    assert any(text.endswith("…") and LABELS[1].startswith(text[:-1]) for text in written)


def test_doubt_and_the_model_are_written(monkeypatch):
    written = texts(monkeypatch, [face(200, 200, 100)], unsure=True, model="lda")
    assert f"0  lda: unsure ({LABELS[1]}?)" in written


def test_no_face_and_more_faces_than_there_is_room_for_are_told(monkeypatch):
    assert "no face" in texts(monkeypatch, [])
    assert any(text.startswith("and ") and text.endswith(" more") for text in texts(monkeypatch, GRID, steady=True))
    assert not any(text.endswith(" more") for text in texts(monkeypatch, GRID))
