"""`Dataset`: labelled pictures in a fixed order, with what a fair split needs to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .errors import LineamentError, check_choice
from .images import UnreadableImage

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PER_IMAGE = ("target", "keys", "groups", "sequences", "split", "landmarks", "votes")  # fields with a row an image


@dataclass(frozen=True)
class Skipped:
    """A file that did not become a row, and why."""

    key: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Labelled pictures; row i is image i everywhere downstream.

    Parameters
    ----------
    name : str
    images : lazy sequence of n uint8 pictures, (H, W) gray or (H, W, 3) RGB
        With `digest(i)` (a hash of the content) and `take(rows)`.
    target : ndarray of shape (n,), int64
        Index into `label_names`.
    label_names : tuple of str
    keys : ndarray of shape (n,), str
        A stable id of each image, unique.
    groups : ndarray of shape (n,) or None
        The subject of each image, where subjects are known.
    split : ndarray of shape (n,) of "train", "validation" or "test", or None
        The official split, where there is one.
    skipped : tuple of Skipped
        Files that were seen and could not become rows.
    synthetic : bool
        True where the pictures show nobody; every report says so.
    about : str
        One sentence for the report: what the pictures are, and their licence.
    notes : tuple of str
        What was done to the labels as they are written, a sentence each.
    landmarks : ndarray of shape (n, 68, 2), float32, or None
        Points that came with the data, in pixels; NaN where a face has none.
    votes : ndarray of shape (n, k), float, or None
        How many people chose each label, where that is known.
    sequences : ndarray of shape (n,) or None
        The sequence or video that each image is a frame of, where that is known; frames of one show one moment.
    traits : mapping of name to ndarray of shape (n,)
        What else is known of each face, by which results may be sliced: words,
        "" where unknown, or numbers, NaN where unknown.
    """

    name: str
    images: Sequence
    target: np.ndarray
    label_names: tuple[str, ...]
    keys: np.ndarray
    groups: np.ndarray | None = None
    split: np.ndarray | None = None
    skipped: tuple[Skipped, ...] = ()
    synthetic: bool = False
    about: str = ""
    notes: tuple[str, ...] = ()
    landmarks: np.ndarray | None = None
    votes: np.ndarray | None = None
    sequences: np.ndarray | None = None
    traits: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self):
        n = len(self.images)
        if n == 0:
            raise LineamentError(f"The dataset '{self.name}' holds no image.{_listed(self.skipped)}")
        for name, values in [*((name, getattr(self, name)) for name in PER_IMAGE), *self.traits.items()]:
            if values is not None and len(values) != n:
                raise ValueError(f"{name} has {len(values)} rows for {n} images")
        if self.target.min() < 0 or self.target.max() >= len(self.label_names):
            raise ValueError("target holds an index outside label_names")

    def __len__(self):
        return len(self.images)

    def take(self, rows, *, skipped: tuple[Skipped, ...] = ()) -> "Dataset":
        """Return the dataset of these rows (indices), in their order; `skipped` adds to what was left out."""
        rows = np.asarray(rows)
        return replace(
            self,
            images=self.images.take(rows),
            skipped=self.skipped + skipped,
            traits={name: values[rows] for name, values in self.traits.items()},
            **{name: None if (values := getattr(self, name)) is None else values[rows] for name in PER_IMAGE},
        )

    def with_traits(self, names: Sequence[str]) -> "Dataset":
        """The dataset with these traits alone; "all" keeps every one.

        Raises
        ------
        LineamentError
            For a name that it does not know.
        """
        if "all" in names:
            return self
        if names and not self.traits:
            raise LineamentError(
                f"--slices-by {','.join(names)}: of the faces of '{self.name}' nothing is known besides their labels. "
                "Leave it out."
            )
        kept = [check_choice(f"--slices-by of '{self.name}'", name, self.traits) for name in names]
        return replace(self, traits={name: self.traits[name] for name in kept})

    def label_counts(self) -> dict[str, int]:
        counts = np.bincount(self.target, minlength=len(self.label_names))
        return dict(zip(self.label_names, counts.tolist()))


def image_digests(images) -> np.ndarray:
    """Content hash of every image, shape (n,); "" where a file cannot be read at all."""
    digests = []
    for row in range(len(images)):
        try:
            digests.append(images.digest(row))
        except UnreadableImage:
            digests.append("")
    return np.array(digests)


def _listed(skipped: Sequence[Skipped], most: int = 3) -> str:
    if not skipped:
        return ""
    shown = "; ".join(f"{item.key}: {item.reason}" for item in skipped[:most])
    return f" {len(skipped)} files were skipped, such as {shown}."
