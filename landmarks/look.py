"""One look at every picture: its digest, face and points, and whatever else is taken while it is decoded.

Pictures are read twice, for their digest and for what the cache does not know, and decoded once at the most.
"""

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from tqdm import tqdm

from ..data.dataset import image_digests
from ..data.errors import check_choice
from ..data.images import UnreadableImage
from ..data.parallel import Workers, in_parallel
from .cache import Fields, RowCache
from .faces import Faces
from .find import DETECTORS, extractor_version, find_each_face
from .layout import N_POINTS

ON_MISS = {
    "fallback": "points of a box that covers the frame",
    "drop": "no points (NaN), the row stays",
}
BATCH = 128  # pictures a task and a cache file: a second of work, so that a kill loses little
DIGESTED = 2048  # pictures a task whose content is hashed
TOGETHER = 32  # pictures whose points are fitted together: more gain nothing, and photos want memory
TOGETHER_BYTES = 1 << 23
FITTED = ("points", "boxes", "found", "score", "sharpness", "seconds")

# Called with m decoded pictures, their points (m, 68, 2) px and boxes (m, 4) px: arrays (m, …) by name. It is sent to
# workers.
Taker = Callable[[Sequence[np.ndarray], np.ndarray, np.ndarray], dict[object, np.ndarray]]


@runtime_checkable
class Keeper(Protocol):
    """A taker whose arrays hang on the picture alone: they are kept in the cache, by these names, under its version."""

    version: str
    fields: Fields

    def __call__(self, pictures: Sequence[np.ndarray], points: np.ndarray, boxes: np.ndarray, /) -> dict: ...


@dataclass(frozen=True)
class Finder:
    """How a face and its points are found.

    Parameters
    ----------
    detector : name in `DETECTORS`
    landmark_model : path of a dlib 68-point model; default the one installed
    on_miss : {"fallback", "drop"}
        What a picture without a detected face gets: points of the fallback box, or NaN.

    Raises
    ------
    LineamentError
        For an unknown detector or miss policy.
    """

    detector: str = "hog"
    landmark_model: Path | None = None
    on_miss: str = "fallback"

    def __post_init__(self):
        check_choice("detector", self.detector, DETECTORS)
        check_choice("--on-miss", self.on_miss, ON_MISS)

    @property
    def version(self) -> str:
        """Hash of all that decides the points of a picture."""
        return extractor_version(self.detector, self.landmark_model)


def look_at(
    images: Sequence,
    *,
    finder: Finder = Finder(),
    given: Faces | None = None,
    takers: Sequence[Taker] = (),
    cache: Path | None = None,
    workers: Workers = Workers(),
) -> Faces:
    """Find a face and its 68 points in every picture, and take from the pictures what else is wanted of them.

    Parameters
    ----------
    images : lazy sequence of n pictures, with `digest(i)` and `take(rows)`
    finder : Finder
    given : Faces of the same pictures, whose points came with the data: none are looked for; or None
    takers : functions of decoded pictures, see `Taker`; equal pictures are shown to them once, and to each `Keeper`
        only those that the cache does not know
    cache : folder of the landmark cache, or None for none
    workers : Workers

    Returns
    -------
    Faces
        Row i of picture i; unreadable pictures keep a row of NaN and their reason. `taken` holds NaN (or 0 where
        there is none) for pictures that could not be read.

    Raises
    ------
    LineamentError
        For a missing model, a cache that cannot be written, or dask without an answer.
    """
    digests = _digests(images, workers) if given is None else given.digests
    rows = _Rows(digests)
    store, keepers = None, []
    if given is not None:
        rows.know(np.arange(len(digests)), {name: getattr(given, name) for name in FITTED})
    elif cache is not None:
        store = RowCache(cache, finder.version)
        rows.fill(store.load())
        keepers = [(RowCache(cache, one.version, one.fields), one) for one in takers if isinstance(one, Keeper)]
        for kept, _ in keepers:
            rows.recall(kept.load())
    n_fresh = len(rows.missing())
    if given is not None and takers:  # one picture may show several faces
        todo = np.arange(len(digests))
    else:
        todo = rows.unknown() if len(keepers) == len(takers) else rows.all_different()
    batch = max(1, min(BATCH, -(-len(todo) // (4 * workers.n_jobs))))
    batches = [todo[start : start + batch] for start in range(0, len(todo), batch)]
    tasks = [(images.take(some), rows.known(some), finder, tuple(takers)) for some in batches]
    with tqdm(total=len(todo), desc="faces", unit="picture", disable=not workers.progress or not len(todo)) as bar:
        for number, look in in_parallel(_look, tasks, workers):
            fresh = rows.add(batches[number], look)
            if store is not None:
                store.store(**fresh)
            for kept, keeper in keepers:
                kept.store(**rows.unrecalled(batches[number], keeper.fields))
            bar.update(len(batches[number]))
    faces = replace(rows.faces(images), n_fresh=n_fresh)
    return faces.without_missed() if finder.on_miss == "drop" else faces


def _digests(images, workers):
    starts = range(0, len(images), DIGESTED)
    parts = [np.array([], dtype=str)] * len(starts)
    tasks = [(images.take(np.arange(start, min(start + DIGESTED, len(images)))),) for start in starts]
    # A few are hashed sooner than a worker starts.
    few = replace(workers, n_jobs=1, backend="loky", scheduler=None) if len(tasks) < 2 else workers
    for number, digests in in_parallel(image_digests, tasks, few):
        parts[number] = digests
    return np.concatenate(parts) if parts else np.array([], dtype=str)


@dataclass(frozen=True)
class _Look:
    """What a worker has seen of m pictures: fitted rows, what takers took, reasons, and which rows were fitted now."""

    fitted: dict[str, np.ndarray]
    taken: dict[object, np.ndarray]
    problems: list[str]
    fresh: np.ndarray


class _Rows:
    """Arrays of n rows that are filled as cache and workers tell; equal pictures are filled together."""

    def __init__(self, digests):
        self.digests = digests
        self.fitted = _blank(len(digests))
        self.taken = {}
        self.problems = np.full(len(digests), "", dtype=object)
        self.filled = np.zeros(len(digests), dtype=bool)
        self.looked = np.zeros(len(digests), dtype=bool)
        self.recalled = np.ones(len(digests), dtype=bool)  # what keepers took: nothing is asked for yet

    def know(self, rows, source):
        for name, values in self.fitted.items():
            values[rows] = source[name]
        self.filled[rows] = True

    def fill(self, source):
        """Take cached rows by the digest of their picture."""
        hit, place = self._matches(source["digests"])
        new = ~self.filled[hit]
        if new.any():
            self.know(hit[new], {name: source[name][place[new]] for name in FITTED})

    def recall(self, source):
        """Take what a keeper once took, by the digest of the picture."""
        hit, place = self._matches(source["digests"])
        for name in source.keys() - {"digests"}:
            self._take(name, hit, source[name][place])
        self.recalled &= np.isin(np.arange(len(self.digests)), hit)

    def _matches(self, digests):
        """Rows whose picture is among the digests (k,), and where."""
        if not len(digests):
            return np.array([], dtype=int), np.array([], dtype=int)
        order = np.argsort(digests)
        place = np.minimum(np.searchsorted(digests[order], self.digests), len(order) - 1)
        hit = np.flatnonzero((digests[order][place] == self.digests) & (self.digests != ""))
        return hit, order[place[hit]]

    def _take(self, name, rows, values):
        if name not in self.taken:
            self.taken[name] = _blank_as(values, len(self.digests))
        self.taken[name][rows] = values

    def missing(self):
        """The first row of each picture whose face is not known yet."""
        return self._first(np.flatnonzero(~self.filled))

    def unknown(self):
        """The first row of each picture whose face, or what keepers take of it, is not known yet."""
        return self._first(np.flatnonzero(~(self.filled & self.recalled)))

    def all_different(self):
        """The first row of each picture."""
        return self._first(np.arange(len(self.digests)))

    def _first(self, rows):
        unreadable = rows[self.digests[rows] == ""]
        rows = rows[self.digests[rows] != ""]
        _, first = np.unique(self.digests[rows], return_index=True)
        return np.sort(np.r_[rows[first], unreadable])

    def known(self, rows):
        """What a worker need not find: the fitted rows, and a mask of those that are known."""
        return {name: values[rows] for name, values in self.fitted.items()}, self.filled[rows]

    def add(self, rows, look: _Look) -> dict[str, np.ndarray]:
        """Take what a worker saw, and return what the cache does not know yet."""
        good = rows[look.fresh]
        self.know(good, {name: values[look.fresh] for name, values in look.fitted.items()})
        self.problems[rows] = look.problems
        self.looked[rows] = True
        for name, values in look.taken.items():
            self._take(name, rows, values)
        return {"digests": self.digests[good], **{name: values[good] for name, values in self.fitted.items()}}

    def unrecalled(self, rows, names) -> dict[str, np.ndarray]:
        """What keepers took of these rows, of pictures that could be read and that the cache did not know."""
        rows = rows[(self.problems[rows] == "") & ~self.recalled[rows]]
        return {"digests": self.digests[rows], **{name: self.taken[name][rows] for name in names}}

    def faces(self, images) -> Faces:
        self._copy_to_equal_pictures()
        return Faces(
            images=images, digests=self.digests, problems=tuple(self.problems), taken=self.taken, **self.fitted
        )  # fmt: skip

    def _copy_to_equal_pictures(self):
        looked = np.flatnonzero(self.looked & (self.digests != ""))
        others = np.flatnonzero(~self.looked & (self.digests != ""))
        if not len(looked) or not len(others):
            return
        order = looked[np.argsort(self.digests[looked])]
        place = np.minimum(np.searchsorted(self.digests[order], self.digests[others]), len(order) - 1)
        same = self.digests[order[place]] == self.digests[others]
        source, target = order[place[same]], others[same]
        new = ~self.filled[target]
        self.know(target[new], {name: values[source[new]] for name, values in self.fitted.items()})
        self.filled[target[new]] = self.filled[source[new]]
        self.problems[target] = self.problems[source]
        for values in self.taken.values():
            values[target] = values[source]


def _blank_as(values, n):
    """Rows (n, …) like these: NaN, or 0 where there is none."""
    return np.full((n, *values.shape[1:]), np.nan if values.dtype.kind == "f" else 0, dtype=values.dtype)


def _blank(n):
    return {
        "points": np.full((n, N_POINTS, 2), np.nan, dtype=np.float32),
        "boxes": np.zeros((n, 4), dtype=np.int32),
        "found": np.zeros(n, dtype=bool),
        "score": np.full(n, np.nan),
        "sharpness": np.full(n, np.nan),
        "seconds": np.full(n, np.nan),
    }


def _look(images, known, finder, takers) -> _Look:
    """What one worker sees of a batch: each picture is decoded once."""
    cv2.setNumThreads(1)  # one process a core already
    fitted, have = known
    if not have.all():
        _ready(finder)
    fitted = {name: values.copy() for name, values in fitted.items()}
    problems, fresh, taken = [""] * len(images), np.zeros(len(images), dtype=bool), {}
    for group in _groups(images, problems):
        rows = np.array([row for row, _ in group])
        pictures = [picture for _, picture in group]
        _fit([(row, picture) for row, picture in group if not have[row]], finder, fitted)
        fresh[rows] = ~have[rows]
        points, boxes = fitted["points"][rows], fitted["boxes"][rows]
        if finder.on_miss == "drop":
            points = np.where(fitted["found"][rows, None, None], points, np.float32(np.nan))
        for taker in takers:
            for name, values in taker(pictures, points, boxes).items():
                if name not in taken:
                    taken[name] = _blank_as(values, len(images))
                taken[name][rows] = values
    return _Look(fitted, taken, problems, fresh)


@functools.cache
def _ready(finder):
    """Models are read, and fits compiled, once a process: no picture's seconds shall hold them."""
    find_each_face([np.zeros((48, 48), np.uint8)], detector=finder.detector, landmark_model=finder.landmark_model)


def _fit(group, finder, fitted):
    """Faces of (row, picture) into the fitted rows, with the seconds that each took."""
    if not group:
        return
    start = time.perf_counter()
    found = find_each_face(
        [picture for _, picture in group], detector=finder.detector, landmark_model=finder.landmark_model
    )
    seconds = (time.perf_counter() - start) / len(group)
    for (row, _), face in zip(group, found):
        fitted["points"][row] = face.points
        fitted["boxes"][row] = np.round(face.box)
        fitted["found"][row] = face.found
        fitted["score"][row] = face.score
        fitted["sharpness"][row] = face.sharpness
        fitted["seconds"][row] = seconds


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
