"""Video files through the command: frames, times, ids, drawings, and files that are no video."""

import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest

from lineament.apps import cli
from lineament.apps.drawings import drawing_places
from lineament.data import LineamentError
from lineament.data.images import UnreadableImage
from lineament.landmarks import find_faces
from lineament.landmarks.inputs import inputs_at
from lineament.landmarks.tables import read_faces
from lineament.landmarks.video import CODECS, _time, read_video, video_info, video_writer

RATE = 20.0
N_FRAMES = 24
STEP = 3  # px that the picture moves to the right from frame to frame


@pytest.fixture(scope="module")
def shots(photos):
    """A photo with three faces that moves to the right, as BGR frames."""
    image = cv2.imread(str(photos / "2008_001322.jpg"))[:374]  # encoders want even sides
    moves = [np.array([[1, 0, STEP * k], [0, 1, 0]], dtype=float) for k in range(N_FRAMES)]
    return [cv2.warpAffine(image, move, image.shape[1::-1], borderValue=(90, 90, 90)) for move in moves]


def write_video(path, frames, rate=RATE):
    codec = cv2.VideoWriter_fourcc(*CODECS[path.suffix])
    video = cv2.VideoWriter(str(path), codec, rate, frames[0].shape[1::-1])
    assert video.isOpened()
    for frame in frames:
        video.write(frame)
    video.release()
    return path


@pytest.fixture(scope="module")
def clip(shots, tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", shots)


def eye_distance(points):
    return np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0))


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mov", ".webm", ".mkv"])
def test_frames_come_with_their_times(suffix, shots, tmp_path):
    path = write_video(tmp_path / f"clip_01{suffix}", shots[:6])
    times, pictures = zip(*read_video(path))
    assert np.allclose(times, np.arange(6) / RATE, atol=2e-3)
    assert video_info(path).size == shots[0].shape[1::-1] and abs(video_info(path).n_frames - 6) <= 1
    for picture, shot in zip(pictures, shots):
        assert np.abs(picture[..., ::-1].astype(int) - shot).mean() < 8


def test_a_video_gives_stable_ids_and_the_points_of_its_pictures(clip, shots, tmp_path):
    out = tmp_path / "faces.csv"
    assert cli.main(["landmarks", str(clip), "--out", str(out)]) == 0
    rows = list(read_faces(out))
    assert {row.input for row in rows} == {str(clip)}
    expected = [(frame, face_id) for frame in range(1, N_FRAMES + 1) for face_id in range(3)]
    assert sorted((row.frame, row.face_id) for row in rows) == expected
    assert np.allclose([row.time_s for row in rows], [(row.frame - 1) / RATE for row in rows], atol=2e-3)
    for frame in (1, 9, N_FRAMES):
        alone = find_faces(cv2.cvtColor(shots[frame - 1], cv2.COLOR_BGR2RGB))
        assert len(alone) == 3
        for row in (row for row in rows if row.frame == frame):
            near = min(np.linalg.norm(row.face.points - face.points, axis=1).mean() for face in alone)
            assert near < 0.04 * eye_distance(row.face.points)
    for face_id in range(3):
        places = np.array([row.face.points.mean(axis=0) for row in rows if row.face_id == face_id])
        assert np.allclose(places - places[0], np.outer(np.arange(N_FRAMES) * STEP, [1, 0]), atol=2.5)


def test_a_folder_of_pictures_and_videos(clip, shots, photos, tmp_path, capfd):
    """Everything is read or named once; drawings have the names of their files and do not come back as input."""
    folder, drawn = tmp_path / "in", tmp_path / "in" / "drawn"
    (folder / "deep").mkdir(parents=True)
    write_video(folder / "deep" / "clip.avi", shots[:4])
    for name in ("face.jpg", "face.bmp"):
        cv2.imwrite(str(folder / name), shots[0])
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "noise.webm").write_bytes(bytes(range(256)) * 40)
    (folder / "cut.mov").write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with wave.open(str(folder / "sound.mp4"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    (folder / "notes.txt").write_text("no picture")
    for _ in range(2):
        assert cli.main(["landmarks", str(folder), "--out", str(tmp_path / "faces.csv"), "--draw", str(drawn)]) == 0
        told = capfd.readouterr()
        lines = told.err.strip().splitlines()
        names = [line.split(":")[0].rsplit("/")[-1] for line in lines]
        assert names == ["cut.mov", "empty.mp4", "noise.webm", "sound.mp4"]
        assert "the file is empty" in lines[1] and "sound alone" in lines[3]
        assert "18 faces in 2 pictures and 1 video (4 frames), 4 files unreadable" in told.out
        made = sorted(file.relative_to(drawn).as_posix() for file in drawn.rglob("*") if file.is_file())
        assert made == ["deep/clip.avi", "face-2.png", "face.png"]
    assert len(list(read_faces(tmp_path / "faces.csv"))) == 18


def test_a_drawn_video_has_the_frames_and_the_lines(clip, tmp_path):
    out, folder = str(tmp_path / "faces.csv"), str(tmp_path / "drawn")
    assert cli.main(["landmarks", str(clip), "--out", out, "--draw", folder]) == 0
    assert [file.name for file in (tmp_path / "drawn").iterdir()] == ["clip.mp4"]
    drawn, plain = (list(read_video(path)) for path in (tmp_path / "drawn" / "clip.mp4", clip))
    assert np.allclose([one[0] for one in drawn], [one[0] for one in plain], atol=2e-3)
    rows = [row for row in read_faces(tmp_path / "faces.csv") if row.frame == N_FRAMES]
    mask = np.zeros(plain[0][1].shape[:2], dtype=np.uint8)
    for row in rows:
        cv2.polylines(mask, [row.face.points[:17].round().astype(np.int32)], False, 1)
    changed = np.abs(drawn[-1][1].astype(int) - plain[-1][1]).max(axis=2)
    assert changed[mask > 0].mean() > 4 * changed[mask == 0].mean()


def test_without_a_codec_the_frames_are_written(shots, tmp_path, capsys, monkeypatch):
    path = write_video(tmp_path / "clip.avi", shots[:3])
    monkeypatch.setattr("lineament.landmarks.video.CODECS", {})
    for _ in range(2):
        assert cli.main(["landmarks", str(path), "--out", str(tmp_path / "f.csv"), "--draw", str(tmp_path / "d")]) == 0
        assert "no codec is at hand" in capsys.readouterr().err
        assert [file.name for file in (tmp_path / "d").iterdir()] == ["clip.avi.frames"]
        names = sorted(file.name for file in (tmp_path / "d" / "clip.avi.frames").iterdir())
        assert names == ["000001.jpg", "000002.jpg", "000003.jpg"]


def test_a_video_that_breaks_off_gives_what_there_is(shots, tmp_path, capsys):
    content = write_video(tmp_path / "whole.avi", shots).read_bytes()
    (tmp_path / "cut.avi").write_bytes(content[: len(content) // 2])
    assert cli.main(["landmarks", str(tmp_path / "cut.avi"), "--out", str(tmp_path / "faces.csv")]) == 0
    told = capsys.readouterr()
    read = max(row.frame for row in read_faces(tmp_path / "faces.csv"))
    assert 0 < read < N_FRAMES
    assert f"{read} of {N_FRAMES} frames" in told.err and "1 cut short" in told.out


def test_nothing_readable_is_a_failure(tmp_path, capsys):
    (tmp_path / "empty.mp4").write_bytes(b"")
    assert cli.main(["landmarks", str(tmp_path), "--out", str(tmp_path / "faces.csv")]) == 1
    (tmp_path / "bare").mkdir()
    assert cli.main(["landmarks", str(tmp_path / "bare")]) == 2
    assert "no picture and no video" in capsys.readouterr().err


def test_a_missing_path_is_told_before_any_work(clip, tmp_path):
    assert cli.main(["landmarks", str(clip), str(tmp_path / "nowhere"), "--out", str(tmp_path / "faces.csv")]) == 2
    assert not list(tmp_path.iterdir())


def test_nothing_is_drawn_over_its_source(clip):
    for paths in ([clip], [clip.parent]):
        with pytest.raises(LineamentError, match="write over .*clip.mp4"):
            drawing_places(inputs_at(paths, but=clip.parent), clip.parent)


def test_drawings_are_known_by_another_name_of_their_folder(shots, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("in/a.png", "in/drawn/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(name, shots[0])
    assert [source.path for source in inputs_at([Path("in")], but=tmp_path / "in" / "drawn")] == [Path("in/a.png")]


def test_a_table_is_not_a_folder(clip, tmp_path, capsys):
    assert cli.main(["landmarks", str(clip), "--out", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_an_interrupt_leaves_nothing_half_written(shots, tmp_path, start):
    clip = write_video(tmp_path / "long.mp4", shots * 20)
    out, drawn = tmp_path / "out" / "faces.csv", tmp_path / "drawn"
    program = "import sys; from lineament.apps.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "landmarks", str(clip), "--out", str(out), "--draw", str(drawn)]
    process = start(command, stderr=subprocess.PIPE)
    while process.poll() is None and not (drawn.is_dir() and any(drawn.iterdir())):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert "interrupted. " in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert not list(drawn.iterdir()) and not list(out.parent.iterdir())


def test_a_full_disk_is_told(shots, tmp_path, monkeypatch):
    monkeypatch.setattr("lineament.landmarks.video.video_info", fail)
    told = pytest.raises(LineamentError, match="cannot be read again")
    with told, video_writer(tmp_path / "clip.avi", rate=RATE, size=(64, 48)) as (_, write):
        write(shots[0])
    assert not list(tmp_path.iterdir())


def fail(path):
    raise UnreadableImage("cut off")


def test_a_frame_of_another_size_is_fitted(tmp_path):
    small, large = (np.full((*size, 3), 90, dtype=np.uint8) for size in ((48, 64), (96, 128)))
    with video_writer(tmp_path / "clip.avi", rate=RATE, size=(64, 48)) as (_, write):
        write(small)
        write(large)
    assert [picture.shape for _, picture in read_video(tmp_path / "clip.avi")] == [(48, 64, 3)] * 2


class Clock:
    """Stands for a capture that tells these times."""

    def __init__(self, times):
        self.times = iter(times)

    def get(self, what):
        return next(self.times) * 1000


def test_times_are_the_files_own_and_never_go_back():
    video, told = Clock([0.0, 0.05, 0.3, 0.0, 0.0]), []
    for _ in range(5):
        told.append(_time(video, told[-1] if told else None, 20.0))
    assert np.allclose(told, [0, 0.05, 0.3, 0.35, 0.4])


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".webm"])
def test_damaged_videos_give_rows_or_a_reason(suffix, shots, tmp_path, capfd):
    """Cut anywhere and with bits flipped: each file is read or named, and none ends the run."""
    small = [cv2.resize(shot, (160, 120)) for shot in shots[:4]]
    content = write_video(tmp_path / f"whole{suffix}", small).read_bytes()
    rng, damaged = np.random.default_rng(0), tmp_path / "damaged"
    damaged.mkdir()
    for k, (start, n_bits) in enumerate([(0, 8), (0, 200), (len(content) // 2, 50), (0, 0), (0, 0)]):
        broken = bytearray(content if n_bits else content[: rng.integers(1, len(content))])
        for place in rng.integers(start, len(content), n_bits):
            broken[place] ^= 1 << rng.integers(0, 8)
        (damaged / f"{k}{suffix}").write_bytes(broken)
    cli.main(["landmarks", str(damaged), "--out", str(tmp_path / "faces.csv"), "--detector", "haar"])
    told = capfd.readouterr().err
    read = {Path(row.input).name for row in read_faces(tmp_path / "faces.csv")}
    for path in damaged.iterdir():
        assert (path.name in read) or f"{path}: " in told
