"""Pictures and videos as frames with their faces: one frame in memory at a time."""

import functools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..data.images import UnreadableImage
from .faces import Faces, faces_of
from .find import find_faces
from .fitting import Face
from .inputs import Input
from .track import Tracker
from .video import VideoInfo, read_video, video_info

log = logging.getLogger(__name__)
WHOLE = 0.9  # of the frames that a video claims; fewer are told of, since some containers only estimate them


def tell(source: Input, message: str) -> None:
    """Log what is the matter with a file."""
    log.warning("%s: %s", source.name, message)


@dataclass(frozen=True)
class Frame:
    """A picture, or a frame of a video, and the faces seen in it.

    Parameters
    ----------
    source : Input
    number : int
        From 1; of a picture 1.
    time_s : float
        As the video tells it; of a picture 0.
    image : ndarray of shape (H, W) or (H, W, 3), uint8, RGB
    found : sequence of Face
        Largest first; empty where none was seen.
    video : VideoInfo or None
        What the video says of itself; None for a picture.
    """

    source: Input
    number: int
    time_s: float
    image: np.ndarray
    found: Sequence[Face]
    video: VideoInfo | None = None

    @property
    def input(self) -> str:
        return self.source.name

    @property
    def face_ids(self) -> list[int]:
        """Numbers that faces keep over the frames of a video; in a picture from 0, largest first."""
        return [getattr(face, "face_id", number) for number, face in enumerate(self.found)]

    @functools.cached_property
    def faces(self) -> Faces:
        """The faces found as n rows of this picture; n may be 0."""
        return faces_of(self.image, self.found)


class Walk:
    """The frames of inputs, one after the other; what cannot be read is told, counted and listed.

    Parameters
    ----------
    inputs : iterable of Input
    detector : name in `landmarks.DETECTORS`
    landmark_model : path of a dlib 68-point model; default the one installed
    follow : bool
        Faces are looked for now and then in a video and followed in between; False looks in every frame.
    tell : function of (Input, str)
        Is told at once what is the matter with a file; logs it where none is given.
    progress : bool
        Show bars of files and frames on a terminal.

    Attributes
    ----------
    counts : Counter of "pictures", "videos", "frames" (of videos), "faces", "unreadable" and "cut short"
    skipped : list of (name, reason)
        Files that could not be read.
    """

    def __init__(
        self, inputs: Iterable[Input], *, detector: str = "hog", landmark_model: Path | None = None,
        follow: bool = True, tell: Callable[[Input, str], None] = tell, progress: bool = False,
    ):  # fmt: skip
        self.inputs = inputs
        self.look = {"detector": detector, "landmark_model": landmark_model}
        self.follow = follow
        self.tell = tell
        self.progress = progress
        self.counts: Counter = Counter()
        self.skipped: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[Frame]:
        one = isinstance(self.inputs, Sequence) and len(self.inputs) == 1
        for source in tqdm(self.inputs, desc="files", unit="file", disable=one or self._hidden):
            try:
                for frame in self._video(source) if source.is_video else self._picture(source):
                    self.counts["faces"] += len(frame.found)
                    yield frame
                self.counts["videos" if source.is_video else "pictures"] += 1
            except (UnreadableImage, OSError) as error:
                reason = str(getattr(error, "strerror", None) or error)
                self.counts["unreadable"] += 1
                self.skipped.append((source.name, reason))
                self.tell(source, reason)

    @property
    def summary(self) -> str:
        """Such as "3 faces in 1 picture, 0 files unreadable"."""
        counts = self.counts
        read = [_number(counts, "picture")] if counts["pictures"] or not counts["videos"] else []
        read += [f"{_number(counts, 'video')} ({_number(counts, 'frame')})"] if counts["videos"] else []
        files, cut = counts["unreadable"], counts["cut short"]
        told = f"{_number(counts, 'face')} in {' and '.join(read)}, {files} file{'s' * (files != 1)} unreadable"
        return f"{told}, {cut} cut short" if cut else told

    @property
    def any_read(self) -> bool:
        return bool(self.counts["pictures"] + self.counts["videos"])

    @property
    def _hidden(self):
        """As tqdm has it: None hides a bar where there is no terminal."""
        return None if self.progress else True

    def _picture(self, source):
        image = source.picture()
        yield Frame(source, 1, 0.0, image, find_faces(image, **self.look))

    def _video(self, source):
        tracker, number = Tracker(**self.look, follow=self.follow), 0
        with source.file() as path:
            info = video_info(path)
            name = source.within.name
            with tqdm(total=info.n_frames or None, desc=name, unit="frame", disable=self._hidden, leave=False) as bar:
                for number, (time_s, image) in enumerate(read_video(path), start=1):
                    yield Frame(source, number, time_s, image, tracker.update(image), info)
                    self.counts["frames"] += 1
                    bar.update()
        if number < WHOLE * info.n_frames:
            self.counts["cut short"] += 1
            self.tell(source, f"damaged: {number} of {info.n_frames} frames could be read")


def _number(counts, thing) -> str:
    """Such as "1 picture" or "2 pictures"."""
    number = counts[f"{thing}s"]
    return f"{number:,} {thing}{'s' * (number != 1)}"
