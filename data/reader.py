"""What every reader shares: how a dataset is declared, and the rows that a reader collects."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from .archive import Tree
from .dataset import TEST, TRAIN, VALIDATION, Dataset, Skipped
from .errors import LineamentError
from .images import IMAGE_SUFFIXES, ArrayImages, TreeImages
from .points import N_POINTS, PointImages

# What the datasets call their parts, in lower case.
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training", "train_set"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "publictest", "dev", "val_set"), VALIDATION),
    **dict.fromkeys(("test", "testing", "privatetest", "test_set"), TEST),
}


@dataclass(frozen=True)
class Source:
    """One dataset: what it is, how to get it, and `read(tree)` from a user's files or `draw(seed)` if embedded.

    Parameters
    ----------
    title : str
        Its name as people write it.
    about : str
        A few words for the command line.
    sentence : str
        For the report: what the pictures are, and their licence.
    read : function of a `Tree` and the `options`, returns a Dataset
    draw : function of `seed`, returns a Dataset
    recognise : function of a `Tree`, returns a sentence that says what was seen, or "" where it does not fit
    layout : str
        What `read` looks for, for error messages.
    options : mapping of each keyword of `read` to its meaning
    classes : tuple of str
        Empty where the user's own names are taken.
    images, subjects, split, licence, obtain, url : str
        Columns of the table of datasets.
    """

    title: str
    about: str
    sentence: str = ""
    read: Callable | None = None
    draw: Callable | None = None
    recognise: Callable[[Tree], str] | None = None
    layout: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    images: str = ""
    subjects: str = ""
    split: str = ""
    licence: str = ""
    obtain: str = ""
    url: str = ""


AUTO = Source(title="Any of them", about="recognise the layout of --data")


@dataclass(slots=True)
class Row:
    """All that is known of one picture; it becomes a row of the dataset as a whole, or not at all."""

    key: str
    label: str
    subject: str = ""
    sequence: str = ""  # of which it is a frame
    part: str = ""
    file: str = ""
    pixels: bytes | None = None  # of a square gray picture
    points: np.ndarray | None = None  # (68, 2) px
    votes: tuple[float, ...] | None = None
    traits: Mapping[str, str | float] = field(default_factory=dict)


class Rows:
    """What a reader finds, picture by picture; ends as a `Dataset`.

    Parameters
    ----------
    tree : Tree
    labels : sequence of str, or None to take whatever comes
    pictures : Tree
        Where the pictures lie, if not in `tree`.
    """

    def __init__(self, tree: Tree, labels: Iterable[str] | None = None, pictures: Tree | None = None):
        self.tree = tree
        self.pictures = pictures or tree
        self.labels = None if labels is None else tuple(labels)
        self.rows: list[Row] = []
        self.skipped = [Skipped(shown(name), reason) for name, reason in tree.refused]
        self._keys = set()

    def skip(self, key: str, reason: str) -> None:
        """List a file, or a row of a table, that cannot become a row here."""
        self.skipped.append(Skipped(shown(key), reason))

    def add(self, key: str, label: str, *, part: str = "", **known) -> None:
        """Take a row, or list why not: see `Row` for what may be known. `part` is any of `SPLIT_NAMES`, or ""."""
        key, label = shown(key), shown(label)
        if not label:
            self.skip(key, "no label")
        elif self.labels is not None and label not in self.labels:
            self.skip(key, f"{label[:60]!r} is not one of the labels {', '.join(self.labels)}")
        elif part and part.lower() not in SPLIT_NAMES:
            self.skip(key, f"{part[:60]!r} is none of train, validation, test")
        elif key in self._keys:
            self.skip(key, "listed twice")
        else:
            self._keys.add(key)
            self.rows.append(Row(key, label, part=SPLIT_NAMES.get(part.lower(), ""), **known))

    def add_file(self, name: str, label: str, **known) -> None:
        """Take a picture that is a file of the tree; list it where there is no such file."""
        if self.pictures.has(name):
            self.add(name, label, file=name, **known)
        else:
            self.skip(name, "listed, but there is no such file")

    def dataset(self, name: str, source: Source, *, about: str = "", landmarks: bool = False) -> Dataset:
        """Return the rows as a dataset; `landmarks` keeps the points that came with them, `about` adds a sentence.

        Raises
        ------
        LineamentError
            If no row was taken.
        """
        if not self.rows:
            raise nothing_found(self.tree, f"{source.title}: no image found", source.layout, self.skipped)
        label_names = self.labels or tuple(sorted({row.label for row in self.rows}))
        numbers = {label: number for number, label in enumerate(label_names)}
        points = self._points() if landmarks else None
        return Dataset(
            name=name,
            images=self._images(points),
            target=np.array([numbers[row.label] for row in self.rows], dtype=np.int64),
            label_names=label_names,
            keys=np.array([row.key for row in self.rows]),
            groups=self._groups(),
            sequences=self._sequences(),
            split=_official_split(np.array([row.part for row in self.rows])),
            skipped=tuple(self.skipped),
            about=f"{source.sentence} {about}".strip(),
            landmarks=points,
            votes=self._votes(),
            traits=self._traits(),
        )

    def _images(self, points):
        if self.rows[0].pixels is not None:
            side = round(len(self.rows[0].pixels) ** 0.5)
            pictures = np.empty((len(self.rows), side, side), dtype=np.uint8)
            for picture, row in zip(pictures, self.rows):
                picture.flat = np.frombuffer(row.pixels, dtype=np.uint8)
                row.pixels = None  # not twice in memory
            return ArrayImages(pictures)
        files = [row.file for row in self.rows]
        if all(files) and len(set(files)) == len(files):
            return TreeImages(self.pictures, files)
        return PointImages(self.pictures, files, points)  # no picture, or several faces in one

    def _points(self):
        points = np.full((len(self.rows), N_POINTS, 2), np.nan, dtype=np.float32)
        for place, row in zip(points, self.rows):
            if row.points is not None:
                place[:] = row.points
        return points

    def _groups(self):
        if not any(row.subject for row in self.rows):
            return None
        # A picture, or a sequence, of an unknown subject stands for itself.
        return np.array([row.subject or f"unknown {row.sequence or row.key}" for row in self.rows])

    def _sequences(self):
        if not any(row.sequence for row in self.rows):
            return None
        # A picture that is no frame of any stands alone.
        return np.array([row.sequence or f"alone {row.key}" for row in self.rows])

    def _votes(self):
        if any(row.votes is None for row in self.rows):
            return None
        return np.array([row.votes for row in self.rows], dtype=np.float64)

    def _traits(self):
        """Numbers where every known value is one, else words."""
        traits = {}
        for name in dict.fromkeys(name for row in self.rows for name in row.traits):
            values = [row.traits.get(name, "") for row in self.rows]
            known = [value for value in values if value != ""]
            if known and all(isinstance(value, float) for value in known):
                traits[name] = np.array([np.nan if value == "" else value for value in values])
            elif known:
                traits[name] = np.array([str(value) for value in values])
        return traits


def _official_split(parts: np.ndarray) -> np.ndarray | None:
    """The split (n,), or None where one part alone leaves nothing to be split.

    Where no test part is there, the validation part is the one to be scored:
    so it is with AffectNet, and with FER2013 without its private test.
    """
    parts = np.where(parts == "", TRAIN, parts)
    if len(set(parts)) < 2 or TRAIN not in parts:
        return None
    return parts if TEST in parts else np.where(parts == VALIDATION, TEST, parts)


def nothing_found(tree: Tree, what: str, layout: str, skipped=()) -> LineamentError:
    """The error that names what was looked for, what is there, and the first reasons for skipping."""
    reasons = "".join(f" Skipped {item.key}: {item.reason}." for item in skipped[:2])
    return LineamentError(f"{what} under {tree.path}: expected {layout}. {seen(tree)}{reasons}")


def seen(tree: Tree, most: int = 3) -> str:
    """A sentence with the first file names of a tree."""
    names = ", ".join(shown(name) for name in tree.files[:most])
    return f"Saw {names}{f' and {len(tree.files) - most} more' if len(tree.files) > most else ''}.{tree.note}"


def shown(name: str) -> str:
    """A file name as text that can be printed and written: bytes of no encoding are escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def image_files(tree: Tree) -> list[str]:
    return [name for name in tree.files if name.lower().endswith(IMAGE_SUFFIXES)]


def part_of_folder(name: str) -> str:
    """The nearest folder above a file that is called train, validation or test, in lower case; else ""."""
    folders = (folder.lower() for folder in reversed(PurePosixPath(name).parts[:-1]))
    return next((folder for folder in folders if folder in SPLIT_NAMES), "")


def stem(name: str) -> str:
    return PurePosixPath(name).stem
