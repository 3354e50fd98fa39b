"""Frames of a video file with their times, and a video or a folder of frames written from pictures."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..data.errors import LineamentError
from ..data.files import temporary_beside
from ..data.images import MAX_PIXELS, UnreadableImage

USUAL_RATE = 25.0  # frames a second of a video that does not say
LARGEST_RATE = 240.0  # files without a rate claim 1,000 or 90,000, the ticks of their clock
# What OpenCV's own FFmpeg encodes without another package, by the container that the suffix asks for.
CODECS = {
    ".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG", ".webm": "VP80",
    ".mpg": "mpg1", ".mpeg": "mpg1", ".wmv": "WMV2", ".flv": "FLV1",
}  # fmt: skip
VIDEO_SUFFIXES = (*CODECS, ".3gp", ".mts", ".ogv")
# FFmpeg's remarks on single frames, past Python's stderr, would bury ours. Read when the first video is opened.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


@dataclass(frozen=True)
class VideoInfo:
    """What a video says of itself: `rate` in frames a second, `size` (width, height) px, `n_frames` or 0."""

    rate: float
    size: tuple[int, int]
    n_frames: int


def video_info(path: Path) -> VideoInfo:
    """Rate, size and length of a video by its header; the length is an estimate in some containers.

    Raises
    ------
    UnreadableImage
        If the file is no video that OpenCV can decode.
    """
    with _opened(path) as video:
        return _info(video)


def read_video(path: Path) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (time in s, RGB picture) of every frame, one at a time; times increase strictly.

    Raises
    ------
    UnreadableImage
        If the file is no video that OpenCV can decode, or no frame of it.
    """
    with _opened(path) as video:
        info, time_s = _info(video), None
        while (got := video.read())[0]:
            time_s = _time(video, time_s, info.rate)
            yield time_s, cv2.cvtColor(got[1], cv2.COLOR_BGR2RGB)
        if time_s is None:
            raise UnreadableImage("a video of which no frame can be decoded")


@contextlib.contextmanager
def video_writer(path: Path, *, rate: float, size: tuple[int, int]) -> Iterator[tuple[Path, Callable]]:
    """Yield (place, `write(frame)`) for BGR frames; the result appears at the end of the block, whole or not at all.

    The place is `path`, or where no codec is at hand a folder beside it, `path`.frames, of numbered pictures.

    Raises
    ------
    LineamentError
        If the folder cannot be written or the disk is full.
    """
    try:
        with temporary_beside(path, path.suffix) as temporary:
            path.parent.mkdir(parents=True, exist_ok=True)
            video = _encoder(temporary, rate, size)
            if video is None:
                path = path.with_name(f"{path.name}.frames")
                temporary.mkdir()
                yield path, _FrameFiles(temporary)
            else:
                with contextlib.ExitStack() as stack:
                    stack.callback(video.release)
                    yield path, lambda frame: video.write(_resized(frame, size))
                _check_written(temporary)
            _put(temporary, path)
    except OSError as error:
        raise LineamentError(
            f"Cannot write {path} ({error.strerror or error}). Free some space or choose another folder."
        ) from error


@contextlib.contextmanager
def _opened(path):
    if not path.stat().st_size:
        raise UnreadableImage("the file is empty")
    # FFmpeg by name: left to choose, OpenCV also takes clip_01.mp4 for the first of numbered pictures.
    known = cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG)
    with _quiet():
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG if known else cv2.CAP_ANY)
    try:
        if not video.isOpened():
            raise UnreadableImage("no video that OpenCV can decode: damaged, cut off, or sound alone")
        yield video
    finally:
        video.release()


@contextlib.contextmanager
def _quiet():
    """Drop what libraries write to the process's stderr: what is wrong with a file is told once, by us."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _info(video) -> VideoInfo:
    width, height = (int(video.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    if width * height > MAX_PIXELS:
        raise UnreadableImage(f"frames of {width}x{height} are more than {MAX_PIXELS // 10**6} megapixels")
    rate = video.get(cv2.CAP_PROP_FPS)
    rate = rate if 0 < rate <= LARGEST_RATE else USUAL_RATE  # false for NaN too
    return VideoInfo(rate, (width, height), max(0, int(video.get(cv2.CAP_PROP_FRAME_COUNT))))


def _time(video, before, rate) -> float:
    """Time of the frame just read: phones and browsers record at a varying rate, so the file's own if it goes on."""
    told = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
    if before is None:
        return told if told > 0 else 0.0
    return told if told > before else before + 1 / rate


def _encoder(path, rate, size):
    """A `cv2.VideoWriter`, or None where the container is not known or its codec not at hand."""
    codec = CODECS.get(path.suffix.lower())
    if codec is None:
        return None
    with _quiet():
        video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), rate, size)
    return video if video.isOpened() else None


def _resized(frame, size):
    """Calls recorded by a browser change their size in the middle; an encoder drops such frames without a word."""
    return frame if frame.shape[1::-1] == size else cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


class _FrameFiles:
    """Writes each frame as the next numbered picture of a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def __call__(self, frame):
        self.count += 1
        _, content = cv2.imencode(".jpg", frame)
        (self.folder / f"{self.count:06d}.jpg").write_bytes(content.tobytes())


def _check_written(path):
    """OpenCV does not tell of a full disk: a video that cannot be read again was not written."""
    try:
        video_info(path)
    except (UnreadableImage, OSError) as error:
        raise OSError(None, "the finished video cannot be read again") from error


def _put(temporary, target):
    if target.is_dir() and temporary.is_dir():
        shutil.rmtree(target)  # frames of an earlier run
    os.replace(temporary, target)
