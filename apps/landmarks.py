"""`lineament landmarks PATH… --out faces.csv [--draw DIR]`: 68 points of every face in pictures, folders and videos."""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import cv2

from data import LineamentError
from data.images import IMAGE_SUFFIXES, UnreadableImage, decode_image
from landmarks import DETECTORS, find_faces
from landmarks.layout import CLOSED, CONTOURS
from landmarks.tables import STYLES, FaceRow, write_faces
from landmarks.track import track_faces

VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")
USUAL_RATE = 25.0  # frames a second of a video that does not say
COLOUR = (60, 220, 60)  # BGR


def main(arguments: list[str] | None = None) -> int:
    try:
        options = _parser().parse_args(arguments)
        counts = extract_files(options)
    except (LineamentError, argparse.ArgumentError) as error:
        print(f"lineament landmarks: {error}", file=sys.stderr)
        return 2
    print(
        f"{counts['faces']} faces in {counts['files']} files, {counts['unreadable']} unreadable: {options.out}"
    )
    return 0 if counts["files"] else 1


def extract_files(options) -> Counter:
    """Write the table and the drawings; the table appears whole or not at all."""
    counts = Counter()
    temporary = options.out.with_name(f".{options.out.name}.{os.getpid()}.tmp")
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", newline="", encoding="utf-8") as file:
            write_faces(_rows(options, counts), file, style=options.style)
        os.replace(temporary, options.out)
    except OSError as error:
        reason = error.strerror or error
        raise LineamentError(f"Cannot write {options.out} ({reason}). Choose another --out.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return counts


def _rows(options, counts):
    for path in _files(options.paths):
        read = _video_rows if path.suffix.lower() in VIDEO_SUFFIXES else _picture_rows
        try:
            for row in read(path, options):
                counts["faces"] += row.face is not None
                yield row
            counts["files"] += 1
        except UnreadableImage as reason:
            counts["unreadable"] += 1
            print(f"{path}: {reason}", file=sys.stderr)


def _files(paths):
    for path in paths:
        if path.is_dir():
            inside = (file for file in sorted(path.rglob("*")) if file.is_file())
            yield from (file for file in inside if file.suffix.lower() in IMAGE_SUFFIXES + VIDEO_SUFFIXES)
        elif path.is_file():
            yield path
        else:
            raise LineamentError(f"There is no file or folder {path}.")


def _picture_rows(path, options):
    try:
        image = decode_image(path.read_bytes())
    except OSError as error:
        raise UnreadableImage(error.strerror or str(error)) from error
    faces = find_faces(image, detector=options.detector, landmark_model=options.landmark_model)
    _draw(image, faces, path, options)
    for face_id, face in enumerate(faces or [None]):
        yield FaceRow(str(path), 1, 0.0, face_id, face)


def _video_rows(path, options):
    frames = read_video(path)
    settings = {"detector": options.detector, "landmark_model": options.landmark_model}
    settings["follow"] = not options.no_tracking
    for number, (time_s, faces) in enumerate(track_faces(frames, **settings), start=1):
        for face in faces or [None]:
            yield FaceRow(str(path), number, time_s, 0 if face is None else face.face_id, face)


def read_video(path: Path):
    """Yield (time in s, RGB picture) of every frame.

    Raises
    ------
    UnreadableImage
        If the file is no video that OpenCV can decode.
    """
    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            raise UnreadableImage("no video that OpenCV can decode")
        rate = video.get(cv2.CAP_PROP_FPS) or USUAL_RATE
        number = 0
        while (got := video.read())[0]:
            yield number / rate, cv2.cvtColor(got[1], cv2.COLOR_BGR2RGB)
            number += 1
        if not number:
            raise UnreadableImage("no frame can be decoded")
    finally:
        video.release()


def _draw(image, faces, path, options):
    if options.draw is None:
        return
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR if image.ndim == 2 else cv2.COLOR_RGB2BGR)
    for face in faces:
        for name, line in CONTOURS.items():
            corners = face.points[list(line)].round().astype("int32")
            cv2.polylines(canvas, [corners], name in CLOSED, COLOUR, 1, cv2.LINE_AA)
    name = "_".join(part for part in path.with_suffix(".png").parts if part not in ("/", "..", "."))
    _, content = cv2.imencode(".png", canvas)
    options.draw.mkdir(parents=True, exist_ok=True)
    (options.draw / name).write_bytes(content.tobytes())


def _parser():
    parser = argparse.ArgumentParser(prog="lineament landmarks", description=__doc__, exit_on_error=False)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="pictures, videos, and folders of them")
    parser.add_argument("--out", type=Path, default=Path("faces.csv"), metavar="FILE")
    parser.add_argument("--draw", type=Path, metavar="DIR", help="pictures with the points drawn in")
    parser.add_argument("--style", choices=sorted(STYLES), default="openface", help="whose columns")
    parser.add_argument("--detector", choices=sorted(DETECTORS), default="hog")
    parser.add_argument("--landmark-model", type=Path, metavar="FILE")
    parser.add_argument("--no-tracking", action="store_true", help="look for faces in every frame of a video")
    return parser
