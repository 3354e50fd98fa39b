"""A dataset to a `LandmarkSet`: parallel over processes, cached on disk, failures counted."""

import functools
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from ..data.dataset import Dataset
from ..data.errors import check_choice
from ..data.images import UnreadableImage
from ..data.parallel import in_parallel
from .cache import LandmarkCache
from .detector import DETECTORS, extractor_version, find_each_face
from .layout import N_POINTS
from .quality import head_pose

log = logging.getLogger(__name__)

ON_MISS = {
    "fallback": "points of a box that covers the frame",
    "drop": "no points (NaN), the row stays",
}
BATCH = 128  # images a task and a cache file: a second of work, so that a kill loses little
TOGETHER = 32  # pictures whose points are fitted together: more gain nothing, and photos want memory
TOGETHER_BYTES = 1 << 23
ROW_FIELDS = ("points", "boxes", "found", "score", "sharpness")


@dataclass(frozen=True)
class LandmarkSet:
    """Landmarks of n pictures, row i of picture i.

    Parameters
    ----------
    points : ndarray of shape (n, 68, 2), float32
        Pixels, x right and y down; NaN where there are none.
    boxes : ndarray of shape (n, 4), int32
        Left, top, right, bottom in pixels.
    found : ndarray of shape (n,), bool
        The detector saw the face; elsewhere the fallback box was used.
    score : ndarray of shape (n,), float
        Of the detector; NaN where not found.
    problems : tuple of n str
        Why the picture could not be read; "" where it could.
    n_fresh : int
        How many pictures were worked on; the rest came from the cache.
    sharpness : ndarray of shape (n,), float, or None
        Variance of the Laplacian of the face, gray levels squared; NaN where unknown.
    """

    points: np.ndarray
    boxes: np.ndarray
    found: np.ndarray
    score: np.ndarray
    problems: tuple[str, ...]
    n_fresh: int = 0
    sharpness: np.ndarray | None = None

    def __post_init__(self):
        n = len(self.points)
        if self.points.shape != (n, N_POINTS, 2):
            raise ValueError(f"points has shape {self.points.shape}, not (n, {N_POINTS}, 2)")
        if self.sharpness is None:
            object.__setattr__(self, "sharpness", np.full(n, np.nan))
        for field in ("boxes", "found", "score", "problems", "sharpness"):
            if len(getattr(self, field)) != n:
                raise ValueError(f"{field} has {len(getattr(self, field))} rows for {n} faces")

    def __len__(self):
        return len(self.points)

    @property
    def readable(self) -> np.ndarray:
        """Mask (n,): the picture could be decoded."""
        return np.array([not problem for problem in self.problems])

    @property
    def size(self) -> np.ndarray:
        """Width of each box (n,) in px; NaN where there is none."""
        width = (self.boxes[:, 2] - self.boxes[:, 0]).astype(float)
        return np.where(width > 0, width, np.nan)

    @functools.cached_property
    def pose(self) -> np.ndarray:
        """Yaw, pitch and roll (n, 3) in degrees, from `landmarks.quality.head_pose`; computed when asked for."""
        return head_pose(self.points)

    def take(self, rows) -> "LandmarkSet":
        rows = np.asarray(rows)
        fields = {field: getattr(self, field)[rows] for field in ROW_FIELDS}
        return replace(self, **fields, problems=tuple(self.problems[row] for row in rows))

    def without_missed(self) -> "LandmarkSet":
        """The same rows, with NaN points where the detector saw no face."""
        return replace(self, points=np.where(self.found[:, None, None], self.points, np.float32(np.nan)))


def extract_landmarks(
    dataset: Dataset,
    *,
    digests: np.ndarray,
    detector: str = "hog",
    landmark_model: Path | None = None,
    on_miss: str = "fallback",
    cache: Path | None = None,
    n_jobs: int = 1,
    progress: bool = False,
    backend: str = "loky",
    scheduler: str | None = None,
) -> LandmarkSet:
    """Find a face and its 68 points in every picture.

    Parameters
    ----------
    dataset : Dataset
    digests : ndarray of shape (n,), str
        From `data.image_digests`; equal digests are worked on once.
    detector : name in `DETECTORS`
    landmark_model : path of a dlib 68-point model; default the one installed
    on_miss : {"fallback", "drop"}
        What a picture without a detected face gets: points of the fallback box, or NaN.
    cache : folder of the landmark cache, or None for none
    n_jobs : number of processes
    progress : show a progress bar on stderr
    backend : name in `data.parallel.BACKENDS`
    scheduler : address of a running dask scheduler, for the backend "dask"; default a cluster on this machine

    Returns
    -------
    LandmarkSet
        Row i of picture i; unreadable pictures keep a row of NaN and their reason.

    Raises
    ------
    LineamentError
        For an unknown detector, a missing model, or a cache that cannot be written.
    """
    check_choice("detector", detector, DETECTORS)
    check_choice("--on-miss", on_miss, ON_MISS)
    store = None if cache is None else LandmarkCache(cache, extractor_version(detector, landmark_model))
    rows = _Rows(len(dataset))
    if store is not None:
        rows.fill(digests, store.load())
    todo = rows.missing(digests)
    batch = max(1, min(BATCH, -(-len(todo) // (4 * n_jobs))))
    batches = [todo[start : start + batch] for start in range(0, len(todo), batch)]
    settings = {"detector": detector, "landmark_model": landmark_model}
    with tqdm(total=len(todo), desc="landmarks", unit="face", disable=not progress or not len(todo)) as bar:
        tasks = [(dataset.images.take(rows), settings) for rows in batches]
        finished = in_parallel(_extract_batch, tasks, n_jobs=n_jobs, backend=backend, scheduler=scheduler)
        for number, result in finished:
            done = batches[number]
            problems = result.pop("problems")
            good = np.array([not problem for problem in problems])
            fresh = {"digests": digests[done][good], **{field: values[good] for field, values in result.items()}}
            if store is not None and good.any():
                store.store(**fresh)
            rows.fill(digests, fresh)
            rows.blame(digests, digests[done], problems, done)
            bar.update(len(done))
    landmarks = rows.finish(n_fresh=len(todo))
    return landmarks.without_missed() if on_miss == "drop" else landmarks


class _Rows:
    """Arrays of n rows that are filled by digest."""

    def __init__(self, n):
        self.arrays = {
            "points": np.full((n, N_POINTS, 2), np.nan, dtype=np.float32),
            "boxes": np.zeros((n, 4), dtype=np.int32),
            "found": np.zeros(n, dtype=bool),
            "score": np.full(n, np.nan),
            "sharpness": np.full(n, np.nan),
        }
        self.problems = np.full(n, "", dtype=object)
        self.filled = np.zeros(n, dtype=bool)

    def fill(self, digests, source):
        if not len(source["digests"]):
            return
        order = np.argsort(source["digests"])
        known = source["digests"][order]
        place = np.minimum(np.searchsorted(known, digests), len(known) - 1)
        hit = (known[place] == digests) & (digests != "") & ~self.filled
        for field, values in self.arrays.items():
            values[hit] = source[field][order[place[hit]]]
        self.filled |= hit

    def blame(self, digests, done_digests, problems, done):
        for row, digest, problem in zip(done, done_digests, problems):
            if problem:
                same = digests == digest if digest else np.arange(len(digests)) == row
                self.problems[same] = problem

    def missing(self, digests):
        """Rows to work on: the first of each picture that the cache does not know."""
        rows = np.flatnonzero(~self.filled)
        unreadable = rows[digests[rows] == ""]
        rows = rows[digests[rows] != ""]
        _, first = np.unique(digests[rows], return_index=True)
        return np.sort(np.r_[rows[first], unreadable])

    def finish(self, n_fresh):
        return LandmarkSet(**self.arrays, problems=tuple(self.problems), n_fresh=n_fresh)


def _extract_batch(images, settings):
    cv2.setNumThreads(1)  # one process a core already
    rows, problems = _Rows(len(images)).arrays, [""] * len(images)
    for group in _groups(images, problems):
        faces = find_each_face([image for _, image in group], **settings)
        for (row, _), face in zip(group, faces):
            rows["points"][row] = face.points
            rows["boxes"][row] = np.round(face.box)
            rows["found"][row] = face.found
            rows["score"][row] = face.score
            rows["sharpness"][row] = face.sharpness
    return {**rows, "problems": problems}


def _groups(images, problems):
    """Yield lists of (row, picture) to work on together; the reason of an unreadable one goes to `problems`."""
    group = []
    for row in range(len(images)):
        try:
            group.append((row, images[row]))
        except UnreadableImage as reason:
            problems[row] = str(reason)
        if len(group) == TOGETHER or sum(image.size for _, image in group) > TOGETHER_BYTES:
            yield group
            group = []
    if group:
        yield group
