"""Faces over the frames of a video: detected now and then, followed in between, under stable ids."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .find import find_faces, follow_face
from .fitting import Face, box_of_points
from .layout import N_POINTS

DETECT_EVERY = 15  # frames: half a second of most videos until a new face is seen
SAME_FACE_IOU = 0.3
KEEP_FRAMES = 90  # a face that comes back to its place within this gets its id again
PATCH_SIDE = 32
LOST_CORRELATION = 0.5  # between the patches of one face in consecutive frames; another scene gives about 0
LARGEST_GROWTH = 1.3  # of the box from frame to frame; more is a fit that slid off the face


@dataclass(frozen=True)
class Track:
    """One face over time: `points` (t, 68, 2) float32 px, NaN where it was not seen, `times` (t,) s, its `face_id`."""

    points: np.ndarray
    times: np.ndarray
    face_id: int = 0

    def __post_init__(self):
        if self.points.shape != (len(self.times), N_POINTS, 2):
            raise ValueError(f"points has shape {self.points.shape} for {len(self.times)} times")

    def __len__(self):
        return len(self.times)


@dataclass(frozen=True)
class TrackedFace(Face):
    """A `Face` with the `face_id` that it keeps over the frames; `score` is that of its last detection."""

    face_id: int = 0


class Tracker:
    """Faces of one frame after the other; memory and time per frame do not grow.

    Parameters
    ----------
    detector : name in `landmarks.DETECTORS`
    landmark_model : path of a dlib 68-point model; default the one installed
    follow : bool
        False looks for faces in every frame: its points are those of `find_faces`.
    detect_every : int
        Frames from one search of the whole frame to the next.
    """

    def __init__(
        self, *, detector: str = "hog", landmark_model: Path | None = None, follow: bool = True,
        detect_every: int = DETECT_EVERY,
    ):  # fmt: skip
        self.detector = detector
        self.landmark_model = landmark_model
        self.follow = follow
        self.detect_every = detect_every
        self._present = []  # TrackedFace of the last frame
        self._absent = []  # (frame of the loss, TrackedFace)
        self._patches = {}  # face_id to what the face looked like
        self._frame = -1
        self._searched = None  # number of the frame last searched
        self._next_id = 0

    def update(self, image: np.ndarray) -> list[TrackedFace]:
        """Faces in the next frame, uint8 (H, W) or (H, W, 3) RGB, largest first."""
        self._frame += 1
        followed = self._followed(image) if self.follow else []
        lost = self.follow and len(followed) < len(self._present)
        due = self._searched is None or self._frame - self._searched >= self.detect_every
        if lost or due or not self.follow:
            followed = self._search(image, followed)
        self._present = sorted(followed, key=lambda face: face.box[0] - face.box[2])
        return list(self._present)

    def _followed(self, image):
        faces = []
        for face in self._present:
            now = follow_face(image, face.points, landmark_model=self.landmark_model)
            patch = _patch(image, now)
            if _still_there(face, now, self._patches.get(face.face_id), patch):
                self._patches[face.face_id] = patch
                faces.append(_named(now, face.face_id, face.score))
        return faces

    def _search(self, image, followed):
        """Match the faces seen with those followed, then with those of the last frame, then with those gone."""
        self._searched = self._frame
        seen = find_faces(image, detector=self.detector, landmark_model=self.landmark_model)
        held = {face.face_id for face in followed}
        gone = [face for face in self._present if face.face_id not in held]
        known = [*followed, *gone, *(face for _, face in self._absent)]
        matches = _matches(seen, known)
        faces = []
        for face, match in zip(seen, matches):
            face_id = self._new_id() if match is None else match.face_id
            # A followed face keeps its points: they are as good, and do not jump.
            faces.append(_named(match if face_id in held else face, face_id, face.score))
            self._patches[face_id] = _patch(image, faces[-1])
        self._forget({face.face_id for face in faces}, [*followed, *gone])
        return faces

    def _forget(self, present, known):
        absent = [(self._frame, face) for face in known if face.face_id not in present]
        absent += [(since, face) for since, face in self._absent if face.face_id not in present]
        self._absent = [(since, face) for since, face in absent if self._frame - since <= KEEP_FRAMES]
        self._patches = {face_id: self._patches[face_id] for face_id in present}

    def _new_id(self):
        self._next_id += 1
        return self._next_id - 1


def track_faces(frames: Iterable[tuple[float, np.ndarray]], **options) -> Iterator[tuple[float, list[TrackedFace]]]:
    """Yield (time in s, faces) of every frame (time in s, picture); options as of `Tracker`."""
    tracker = Tracker(**options)
    for time_s, image in frames:
        yield time_s, tracker.update(image)


def collect_tracks(frames: Iterable[tuple[float, np.ndarray]], **options) -> list[Track]:
    """One `Track` a face over the whole video, in the order in which they appear; options as of `Tracker`."""
    times, rows = [], {}
    for number, (time_s, faces) in enumerate(track_faces(frames, **options)):
        times.append(time_s)
        for face in faces:
            rows.setdefault(face.face_id, {})[number] = face.points
    return [Track(_with_gaps(rows[face_id], len(times)), np.array(times), face_id) for face_id in sorted(rows)]


def _with_gaps(rows, n_frames):
    points = np.full((n_frames, N_POINTS, 2), np.nan, dtype=np.float32)
    for number, face in rows.items():
        points[number] = face
    return points


def _named(face, face_id, score) -> TrackedFace:
    return TrackedFace(face.box, face.points, score, True, face.sharpness, face_id)


def _still_there(before, now, patch_before, patch) -> bool:
    growth = _width(now) / _width(before)
    return 1 / LARGEST_GROWTH < growth < LARGEST_GROWTH and _correlation(patch_before, patch) > LOST_CORRELATION


def _width(face):
    box = box_of_points(face.points)
    return box[2] - box[0]


def _patch(image, face):
    """The face as (32, 32) gray; None where it has left the picture.

    It is cut out by the points: the detector's box moves in steps, and another place of a face does not correlate.
    """
    box, (height, width) = box_of_points(face.points), image.shape[:2]
    left, top = (max(0, int(side)) for side in box[:2])
    right, bottom = min(width, int(box[2])), min(height, int(box[3]))
    if right - left < 2 or bottom - top < 2:
        return None
    face = cv2.resize(image[top:bottom, left:right], (PATCH_SIDE, PATCH_SIDE), interpolation=cv2.INTER_AREA)
    return face if face.ndim == 2 else cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)


def _correlation(one, other) -> float:
    if one is None or other is None:
        return -1.0
    return float(cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED)[0, 0])


def _matches(seen, known) -> list:
    """For each face seen the known one that it overlaps most, each known one once; None for a new face."""
    overlaps = np.array([[box_iou(face.box, other.box) for other in known] for face in seen])
    overlaps = overlaps.reshape(len(seen), len(known))
    matches = [None] * len(seen)
    while overlaps.size and overlaps.max() > SAME_FACE_IOU:
        row, column = np.unravel_index(overlaps.argmax(), overlaps.shape)
        matches[row] = known[column]
        overlaps[row], overlaps[:, column] = 0, 0
    return matches


def box_iou(one: np.ndarray, other: np.ndarray) -> float:
    """Shared area of two boxes over the area that they cover together, 0 to 1."""
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)
