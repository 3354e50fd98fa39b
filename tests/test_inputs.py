"""What commands walk over: pictures, folders, patterns, archives and videos, frame by frame."""

import io
import tarfile
import tempfile
import weakref
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lineament.apps import cli
from lineament.apps.drawings import drawing_places
from lineament.data import LineamentError
from lineament.landmarks.inputs import inputs_at, inputs_of
from lineament.landmarks.track import TrackedFace
from lineament.landmarks.video import CODECS
from lineament.landmarks.walk import Walk

N_FRAMES = 12


@pytest.fixture(scope="module")
def folder(crop, tmp_path_factory):
    """A face, a picture without any, a video of the face in the middle of frames, and what is no picture."""
    place = tmp_path_factory.mktemp("in")
    cv2.imwrite(str(place / "face.png"), crop)
    cv2.imwrite(str(place / "none.png"), np.full((64, 64), 90, np.uint8))
    (place / "deep").mkdir()
    video = cv2.VideoWriter(str(place / "deep" / "talk.avi"), cv2.VideoWriter_fourcc(*CODECS[".avi"]), 10.0, (320, 240))
    large = cv2.resize(crop, (200, 200), interpolation=cv2.INTER_CUBIC)
    for step in range(N_FRAMES):
        frame = np.full((240, 320), 90, dtype=np.uint8)
        frame[20:220, 40 + step : 240 + step] = large
        video.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    video.release()
    (place / "notes.txt").write_text("no picture")
    (place / "broken.jpg").write_bytes(b"no picture")
    return place


def seen(walk):
    """(name of the file, frame, number of faces) of every frame."""
    return [(Path(frame.input).name, frame.number, len(frame.found)) for frame in walk]


EXPECTED = [*(("talk.avi", number, 1) for number in range(1, N_FRAMES + 1)), ("face.png", 1, 1), ("none.png", 1, 0)]


def test_every_picture_is_a_frame_and_what_cannot_be_read_is_listed(folder, caplog):
    walk = Walk(inputs_at([folder]))
    assert seen(walk) == EXPECTED
    assert [(Path(name).name, bool(reason)) for name, reason in walk.skipped] == [("broken.jpg", True)]
    assert "broken.jpg: " in caplog.text
    assert walk.summary == "13 faces in 2 pictures and 1 video (12 frames), 1 file unreadable"


def test_faces_are_rows_of_their_picture(folder):
    face, none, *_ = (frame for frame in Walk(inputs_at([folder / "face.png", folder / "none.png"])))
    assert len(none.faces) == 0 and none.face_ids == []
    assert np.array_equal(face.faces.points[0], face.found[0].points) and face.faces.found.all()
    assert np.array_equal(face.faces.images[0], face.image) and face.face_ids == [0]


def test_a_video_tells_its_times_and_keeps_ids(folder):
    frames = list(Walk(inputs_at([folder / "deep" / "talk.avi"])))
    assert np.allclose([frame.time_s for frame in frames], np.arange(N_FRAMES) / 10, atol=2e-3)
    assert {tuple(frame.face_ids) for frame in frames} == {(0,)} and frames[0].video.size == (320, 240)


def test_ids_are_those_of_the_tracker(folder):
    """Faces stand largest first, whichever came first."""
    (frame,) = Walk(inputs_at([folder / "face.png"]))
    (face,) = frame.found
    tracked = [TrackedFace(face.box, face.points, face.score, True, face.sharpness, face_id) for face_id in (4, 1)]
    assert replace(frame, found=tracked).face_ids == [4, 1] and len(replace(frame, found=tracked).faces) == 2


def test_frames_are_let_go(folder):
    """Memory does not grow with the length of a video: of all pictures handed out no more than two are still there."""
    alive = []
    for frame in Walk(inputs_at([folder / "deep" / "talk.avi"])):
        alive.append(weakref.ref(frame.image))
        assert sum(image() is not None for image in alive) <= 2


def test_a_pattern_that_no_shell_has_filled_in(folder, tmp_path):
    assert seen(Walk(inputs_at([folder / "*.png"]))) == EXPECTED[-2:]
    assert [source.path.name for source in inputs_at([folder / "**" / "*.avi"])] == ["talk.avi"]
    with pytest.raises(LineamentError, match=r"no file or folder that matches .*\.gif"):
        inputs_at([folder / "*.gif"])
    odd = tmp_path / "a[1].png"
    odd.write_bytes((folder / "face.png").read_bytes())
    assert [source.path for source in inputs_at([odd])] == [odd]


def packed(folder, path):
    """The same files as an archive, with a link and names that lead out of it: these are told, and not read."""
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*.*"))}
    files |= dict.fromkeys(("../../hidden.png", "/over.png", "z\\..\\..\\outside.png"), files["face.png"])
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


@pytest.mark.parametrize("name", ["all.zip", "all.tar.gz"])
def test_an_archive_is_walked_in_place(name, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    archive = packed(folder, tmp_path / name)
    walk = Walk(inputs_at([archive]))
    assert seen(walk) == EXPECTED
    assert all(source.name.startswith(f"{archive}/") for source in walk.inputs)
    refused = ["hidden.png", "over.png", "broken.jpg", *["link.png"] * name.endswith("gz"), "outside.png"]
    assert [Path(one).name for one, _ in walk.skipped] == refused
    left = {file.suffix for file in (tmp_path / "tmp").iterdir()}
    assert left <= {".tar"}  # unpacked while its tree is in use; the video that was read is gone


def test_names_in_an_archive_lead_nowhere_else(folder, tmp_path):
    archive, drawn = packed(folder, tmp_path / "all.zip"), tmp_path / "a" / "b" / "drawn"
    sources = inputs_at([archive])
    assert all(place.resolve().is_relative_to(drawn) for place in drawing_places(sources, drawn).values())
    assert cli.main(["landmarks", str(archive), "--out", str(tmp_path / "f.csv"), "--draw", str(drawn)]) == 0
    made = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file())
    names = ["deep/talk.avi", "face.png", "none.png"]
    assert made == [*(f"a/b/drawn/{name}" for name in names), "all.zip", "f.csv"]


def test_what_cannot_be_looked_into_is_told(tmp_path, monkeypatch):
    def refuse(path, pattern):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "rglob", refuse)
    with pytest.raises(LineamentError, match=r"cannot be looked into \(Permission denied\)"):
        inputs_at([tmp_path])
    (tmp_path / "no.zip").write_bytes(b"no archive")
    with pytest.raises(LineamentError, match="not a readable zip archive"):
        inputs_at([tmp_path / "no.zip"])


def named(things):
    return [source.name for source in inputs_of(things)]


def test_python_gives_paths_arrays_and_lists_of_them(folder, crop):
    face = str(folder / "face.png")
    assert named(face) == named(folder / "face.png") == [face]
    assert named([face, [crop, folder / "*.png"]]) == [face, "array 0", face, str(folder / "none.png")]
    assert named(np.stack([crop, crop])[..., None].repeat(3, axis=3)) == ["array 0", "array 1"]
    (frame,) = Walk(inputs_of(crop))
    (read,) = Walk(inputs_of(face))
    assert np.array_equal(frame.found[0].points, read.found[0].points)


def test_inputs_are_read_as_they_are_gone_through(crop):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield crop

    assert next(iter(Walk(inputs_of(endless())))).input == "array 0" and len(taken) == 1


@pytest.mark.parametrize("wrong", [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8)])
def test_an_array_that_is_no_picture_is_told(wrong):
    with pytest.raises(LineamentError, match=r"a picture is uint8, \(height, width\) gray or"):
        named([wrong])
    with pytest.raises(LineamentError, match="A int is no picture. Give a path, an array, or a list of them."):
        named([3])
