"""`lineament landmarks PATH… --out FILE [--draw DIR]`: 68 points of every face in pictures, folders and videos."""

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
from tqdm import tqdm

from ..data import LineamentError
from ..data.files import temporary_beside, write_atomically
from ..data.images import IMAGE_SUFFIXES, UnreadableImage, decode_image
from ..landmarks import DETECTORS, find_faces
from ..landmarks.drawing import drawn
from ..landmarks.tables import STYLES, FaceRow, write_faces
from ..landmarks.track import Tracker
from ..landmarks.video import VIDEO_SUFFIXES, read_video, video_info, video_writer
from .command import Command

WHOLE = 0.9  # of the frames that a video claims; fewer are told of, since some containers only estimate them


@dataclass(frozen=True)
class Job:
    """A file to read, and where its drawing goes (None for nowhere)."""

    path: Path
    drawing: Path | None


def call(options) -> int:
    """Read the files and print what was found; 1 where none could be read."""
    counts = extract_files(options)
    print(_summary(counts, options.out))
    return 0 if counts["pictures"] + counts["videos"] else 1


def kept(options) -> str:
    return f"{options.out} was not written."


def extract_files(options) -> Counter:
    """Write the table and the drawings; the table appears whole or not at all."""
    if options.out.is_dir():
        raise LineamentError(f"--out {options.out} is a folder. Name a file, such as {options.out / 'faces.csv'}.")
    jobs, counts = plan(options.paths, options.draw), Counter()
    try:
        with temporary_beside(options.out) as temporary:
            options.out.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
                write_faces(_rows(jobs, options, counts), file, style=options.style)
            os.replace(temporary, options.out)
    except OSError as error:
        reason = error.strerror or error
        raise LineamentError(f"Cannot write {options.out} ({reason}). Choose another --out.") from error
    return counts


def plan(paths: list[Path], folder: Path | None) -> list[Job]:
    """What to read and where to draw it, before any work is done; no two drawings share a place.

    Raises
    ------
    LineamentError
        If a path is missing, holds nothing to read, or would be drawn over.
    """
    found = [entry for path in paths for entry in _files(path, folder)]
    if not found:
        raise LineamentError(f"There is no picture and no video in {', '.join(map(str, paths))}.")
    if folder is None:
        return [Job(path, None) for path, _ in found]
    sources, taken = {path.resolve() for path, _ in found}, set()
    jobs = []
    for path, name in found:
        drawing = _free(folder / _drawing_name(name), taken)
        taken.add(drawing)
        if drawing.resolve() in sources:
            raise LineamentError(f"--draw {folder} would write over {drawing}. Choose another folder.")
        jobs.append(Job(path, drawing))
    return jobs


def _files(path, drawings) -> Iterator[tuple[Path, Path]]:
    """Yield (file, its name within `path`); what an earlier run drew is left out."""
    if path.is_file():
        yield path, Path(path.name)
    elif path.is_dir():
        ours = drawings.resolve() if drawings and drawings.resolve() != path.resolve() else None
        for file in sorted(path.rglob("*")):
            name = file.relative_to(path)
            known = file.suffix.lower() in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES) and file.is_file()
            if known and not (ours and (path.resolve() / name).is_relative_to(ours)):
                yield file, name
    else:
        raise LineamentError(f"There is no file or folder {path}.")


def _is_video(path):
    return path.suffix.lower() in VIDEO_SUFFIXES


def _drawing_name(name):
    return name if _is_video(name) else name.with_suffix(".png")


def _free(path, taken):
    """face.png, or face-2.png where face.jpg and face.bmp are drawn both."""
    number, free = 1, path
    while free in taken:
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def _rows(jobs, options, counts):
    for job in tqdm(jobs, desc="files", unit="file", disable=None if len(jobs) > 1 else True):
        kind, read = ("videos", _video_rows) if _is_video(job.path) else ("pictures", _picture_rows)
        try:
            for row in read(job, options, counts):
                counts["faces"] += row.face is not None
                yield row
            counts[kind] += 1
        except (UnreadableImage, OSError) as reason:
            counts["unreadable"] += 1
            _tell(job.path, getattr(reason, "strerror", None) or reason)


def _tell(path, message):
    tqdm.write(f"{path}: {message}", file=sys.stderr)


def _picture_rows(job, options, counts):
    image = decode_image(job.path.read_bytes())
    faces = find_faces(image, detector=options.detector, landmark_model=options.landmark_model)
    if job.drawing is not None:
        _, content = cv2.imencode(".png", drawn(image, faces))
        write_atomically(job.drawing, lambda file: file.write(content.tobytes()))
    for face_id, face in enumerate(faces or [None]):
        yield FaceRow(str(job.path), 1, 0.0, face_id, face)


def _video_rows(job, options, counts):
    info, number = video_info(job.path), 0
    follow = not options.no_tracking
    tracker = Tracker(detector=options.detector, landmark_model=options.landmark_model, follow=follow)
    bar = tqdm(total=info.n_frames or None, desc=job.path.name, unit="frame", disable=None, leave=False)
    with bar, _drawing(job, info) as draw:
        for number, (time_s, image) in enumerate(read_video(job.path), start=1):
            faces = tracker.update(image)
            draw(image, faces)
            for face in faces or [None]:
                yield FaceRow(str(job.path), number, time_s, 0 if face is None else face.face_id, face)
            counts["frames"] += 1
            bar.update()
    if number < WHOLE * info.n_frames:
        counts["cut short"] += 1
        _tell(job.path, f"damaged: {number} of {info.n_frames} frames could be read")


@contextlib.contextmanager
def _drawing(job, info):
    """Yield a function that takes each frame and its faces, and draws them where drawings are wanted."""
    if job.drawing is None:
        yield lambda image, faces: None
        return
    with video_writer(job.drawing, rate=info.rate, size=info.size) as (place, write):
        if place != job.drawing:
            _tell(job.path, f"no codec is at hand for such a video: its frames go to {place}")
        yield lambda image, faces: write(drawn(image, faces))


def _summary(counts, out) -> str:
    read = [_number(counts, "picture")] if counts["pictures"] or not counts["videos"] else []
    read += [f"{_number(counts, 'video')} ({_number(counts, 'frame')})"] if counts["videos"] else []
    unreadable = counts["unreadable"]
    told = f"{_number(counts, 'face')} in {' and '.join(read)}, {unreadable} file{'s' * (unreadable != 1)} unreadable"
    return f"{told}{', {} cut short'.format(counts['cut short']) if counts['cut short'] else ''}: {out}"


def _number(counts, thing) -> str:
    """Such as "1 picture" or "2 pictures"."""
    number = counts[f"{thing}s"]
    return f"{number:,} {thing}{'s' * (number != 1)}"


def add_arguments(parser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="pictures, videos, and folders of them")
    parser.add_argument(
        "--out", type=Path, default=Path("faces.csv"), metavar="FILE",
        help="table with a row for each face, and one for each picture or frame without any (default: faces.csv)",
    )  # fmt: skip
    parser.add_argument(
        "--draw", type=Path, metavar="DIR",
        help="pictures and videos with the points drawn in, under their own names; frames where a video has no codec",
    )  # fmt: skip
    parser.add_argument("--style", choices=sorted(STYLES), default="openface", help="whose columns (default: openface)")
    parser.add_argument("--detector", choices=sorted(DETECTORS), default="hog", help="default: hog")
    parser.add_argument("--landmark-model", type=Path, metavar="FILE", help="another 68-point model of dlib's kind")
    parser.add_argument("--no-tracking", action="store_true", help="look for faces in every frame of a video")


COMMAND = Command(
    "landmarks", "68 points of every face in pictures, folders and videos, as a CSV.", add_arguments, call, kept
)
