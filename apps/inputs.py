"""Pictures, folders, patterns, archives and videos as frames with their faces: one frame in memory at a time."""

import contextlib
import functools
import glob
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..data import LineamentError
from ..data.archive import TAR_SUFFIXES, Tree
from ..data.files import TEMPORARIES, remove
from ..data.images import IMAGE_SUFFIXES, UnreadableImage, decode_image
from ..data.packed import open_tree
from ..landmarks import DETECTORS, Face, Faces, find_faces
from ..landmarks.faces import faces_of
from ..landmarks.track import Tracker
from ..landmarks.video import VIDEO_SUFFIXES, VideoInfo, read_video, video_info

ARCHIVE_SUFFIXES = (".zip", *TAR_SUFFIXES)
WHOLE = 0.9  # of the frames that a video claims; fewer are told of, since some containers only estimate them


@dataclass(frozen=True, eq=False)
class Input:
    """One picture or video to read.

    Parameters
    ----------
    path : Path
        The file, or the archive that it lies in.
    within : Path
        Its name below the folder or archive that was given; never leads out of there.
    tree, member : Tree and str, or None and ""
        The archive, and the name in it.
    refused : str
        Why the archive does not give it; "" where it does.
    """

    path: Path
    within: Path
    tree: Tree | None = None
    member: str = ""
    refused: str = ""

    @property
    def name(self) -> str:
        """What tables and messages call it."""
        return f"{self.path}/{self.member}" if self.member else str(self.path)

    @property
    def is_video(self) -> bool:
        return self.within.suffix.lower() in VIDEO_SUFFIXES

    def content(self) -> bytes:
        """All of it; raises OSError or UnreadableImage."""
        self._check()
        return self.path.read_bytes() if self.tree is None else self.tree.read(self.member)

    @contextlib.contextmanager
    def file(self) -> Iterator[Path]:
        """A file with this content, which goes at the end of the block if it was unpacked for it."""
        self._check()
        if self.tree is None:
            yield self.path
            return
        handle, name = tempfile.mkstemp(prefix="lineament-", suffix=self.within.suffix)
        TEMPORARIES.add(Path(name))
        try:
            with os.fdopen(handle, "wb") as copy:
                self.tree.copy(self.member, copy)
            yield Path(name)
        finally:
            remove(Path(name))
            TEMPORARIES.discard(Path(name))

    def _check(self):
        if self.refused:
            raise UnreadableImage(self.refused)


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
    inputs : sequence of Input
    detector : name in `landmarks.DETECTORS`
    landmark_model : path of a dlib 68-point model; default the one installed
    follow : bool
        Faces are looked for now and then in a video and followed in between; False looks in every frame.

    Attributes
    ----------
    counts : Counter of "pictures", "videos", "frames" (of videos), "faces", "unreadable" and "cut short"
    skipped : list of (name, reason)
        Files that could not be read.
    """

    def __init__(
        self, inputs: Sequence[Input], *, detector: str = "hog", landmark_model: Path | None = None, follow: bool = True
    ):
        self.inputs = inputs
        self.look = {"detector": detector, "landmark_model": landmark_model}
        self.follow = follow
        self.counts: Counter = Counter()
        self.skipped: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[Frame]:
        one = len(self.inputs) == 1
        for source in tqdm(self.inputs, desc="files", unit="file", disable=True if one else None):
            try:
                for frame in self._video(source) if source.is_video else self._picture(source):
                    self.counts["faces"] += len(frame.found)
                    yield frame
                self.counts["videos" if source.is_video else "pictures"] += 1
            except (UnreadableImage, OSError) as error:
                reason = str(getattr(error, "strerror", None) or error)
                self.counts["unreadable"] += 1
                self.skipped.append((source.name, reason))
                tell(source, reason)

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

    def _picture(self, source):
        image = _decoded(source)
        yield Frame(source, 1, 0.0, image, find_faces(image, **self.look))

    def _video(self, source):
        tracker, number = Tracker(**self.look, follow=self.follow), 0
        with source.file() as path:
            info = video_info(path)
            name = source.within.name
            with tqdm(total=info.n_frames or None, desc=name, unit="frame", disable=None, leave=False) as bar:
                for number, (time_s, image) in enumerate(read_video(path), start=1):
                    yield Frame(source, number, time_s, image, tracker.update(image), info)
                    self.counts["frames"] += 1
                    bar.update()
        if number < WHOLE * info.n_frames:
            self.counts["cut short"] += 1
            tell(source, f"damaged: {number} of {info.n_frames} frames could be read")


def _decoded(source) -> np.ndarray:
    content = source.content()
    try:
        return decode_image(content)
    except UnreadableImage as reason:
        if source.within.suffix.lower() in IMAGE_SUFFIXES:
            raise
        raise UnreadableImage(f"neither a picture nor a video ({reason})") from reason


def inputs_at(paths: Iterable[Path], *, but: Path | None = None) -> list[Input]:
    """Every picture and video at these paths, before any work is done; what lies in the folder `but` is left out.

    A path is a file, a folder, a zip or tar archive, or a pattern such as photos/*.jpg that no shell has filled in.

    Raises
    ------
    LineamentError
        If a path is missing, an archive cannot be opened, or there is nothing to read.
    """
    paths = list(paths)
    try:
        found = [source for path in paths for match in _matches(path) for source in _inputs(match, but)]
    except OSError as error:
        raise LineamentError(f"{error.filename} cannot be looked into ({error.strerror}).") from error
    if not found:
        raise LineamentError(f"There is no picture and no video in {', '.join(map(str, paths))}.")
    return found


def tell(source: Input, message: str) -> None:
    """Say on stderr what is the matter with a file, beside the progress bars."""
    tqdm.write(f"{source.name}: {message}", file=sys.stderr)


def add_arguments(parser) -> None:
    """The arguments of every command that walks over inputs; `walk_of` reads them."""
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="pictures, videos, folders, archives, patterns of them"
    )
    parser.add_argument("--detector", choices=sorted(DETECTORS), default="hog", help="default: hog")
    parser.add_argument("--landmark-model", type=Path, metavar="FILE", help="another 68-point model of dlib's kind")
    parser.add_argument("--no-tracking", action="store_true", help="look for faces in every frame of a video")


def walk_of(options, inputs: Sequence[Input]) -> Walk:
    return Walk(
        inputs, detector=options.detector, landmark_model=options.landmark_model, follow=not options.no_tracking
    )


def _matches(path) -> list[Path]:
    if path.exists() or not any(sign in str(path) for sign in "*?["):
        return [path]
    matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
    if not matches:
        raise LineamentError(f"There is no file or folder that matches {path}.")
    return matches


def _inputs(path, but) -> Iterator[Input]:
    if path.is_file() and path.suffix.lower() in ARCHIVE_SUFFIXES:
        yield from _members(path)
    elif path.is_file():
        yield Input(path, Path(path.name))
    elif path.is_dir() and not _may_be_read(path):
        raise LineamentError(f"{path} may not be read: permission denied.")
    elif path.is_dir():
        left_out = but.resolve() if but and but.resolve() != path.resolve() else None
        for file in sorted(path.rglob("*")):
            within = file.relative_to(path)
            closed = os.path.isdir(file) and not _may_be_read(file)  # taken, so that it is told as unreadable
            if (closed or (_is_known(file) and os.path.isfile(file))) and not _lies_in(
                path.resolve() / within, left_out
            ):
                yield Input(file, within)
    else:
        raise LineamentError(f"There is no file or folder {path}.")


def _members(path) -> Iterator[Input]:
    tree = open_tree(path)
    refused = dict(tree.refused)
    for member in sorted([*tree.files, *refused]):
        # A member may be called /face.png or a\..\..\face.png: a name, and no place to write to.
        within = Path(*(part for part in re.split(r"[/\\]", member) if part.strip(".") and not part.endswith(":")))
        if _is_known(within):
            yield Input(path, within, tree, member, refused.get(member, ""))


def _may_be_read(folder):
    return os.access(folder, os.R_OK | os.X_OK)


def _is_known(path):
    return path.suffix.lower() in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)


def _lies_in(path, folder):
    return folder is not None and path.is_relative_to(folder)


def _number(counts, thing) -> str:
    """Such as "1 picture" or "2 pictures"."""
    number = counts[f"{thing}s"]
    return f"{number:,} {thing}{'s' * (number != 1)}"
