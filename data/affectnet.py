"""AffectNet: faces from web searches, about 290,000 with one of eight expressions labelled by hand.

Mollahosseini, Hasani and Mahoor, "AffectNet: A Database for Facial Expression,
Valence, and Arousal Computing in the Wild", IEEE TAC 2017.

The old release has lists (`training.csv`; `validation.csv` with or without a
header) of files under `Manually_Annotated_Images/`, the new one
`train_set/images/0.jpg` with `train_set/annotations/0_exp.npy`. Kaggle's YOLO
copy numbers the labels in another order. No test part is published: the
validation part is the one to be scored.
"""

import io
from pathlib import PurePosixPath

import numpy as np

from .archive import Tree
from .dataset import Dataset
from .errors import check_choice
from .pixels import label_of
from .points import N_POINTS, interleaved_points
from .reader import Rows, Source, image_files, part_of_folder, stem
from .table import MAX_HEADERS, header, table_rows, tables

IDS = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt")
UNUSED = {8: "none", 9: "uncertain", 10: "no face"}
LABELS = tuple(sorted(IDS))
YOLO_IDS = LABELS  # alphabetical in that copy
COLUMNS = (
    "subDirectory_filePath",
    "face_x",
    "face_y",
    "face_width",
    "face_height",
    "facial_landmarks",
    "expression",
    "valence",
    "arousal",
)


def load(tree: Tree, *, landmarks: str = "no") -> Dataset:
    """Read whichever release lies there; `landmarks="yes"` takes the 68 points that came with it."""
    with_landmarks = check_choice("value of landmarks", landmarks, ("yes", "no")) == "yes"
    rows = Rows(tree, LABELS)
    if lists := _lists(tree):
        _add_listed(rows, lists, with_landmarks)
    elif any(map(_is_annotation, tree.files)):
        _add_annotated(rows, with_landmarks)
    else:
        _add_yolo(rows)
    return rows.dataset("affectnet", SOURCE, landmarks=with_landmarks)


def recognise(tree: Tree) -> str:
    if lists := _lists(tree):
        return f"{lists[0]} has AffectNet's columns"
    if first := next(filter(_is_annotation, tree.files), ""):
        return f"{first} is an annotation of AffectNet"
    labels = (name for name in tree.files if _is_yolo_label(name) and "affectnet" in str(tree.path / name).lower())
    first = next(labels, "")
    return f"{first} labels a picture of AffectNet for YOLO" if first else ""


def _lists(tree):
    return [name for name in tables(tree)[:MAX_HEADERS] if _is_list(header(tree, name))]


def _is_list(cells):
    """True for AffectNet's header, and for a first row of a list without one."""
    if cells[: len(COLUMNS)] == list(COLUMNS):
        return True
    return len(cells) == len(COLUMNS) and "/" in cells[0] and cells[5].count(";") >= N_POINTS


def _is_annotation(name):
    path = PurePosixPath(name)
    return path.name.endswith("_exp.npy") and path.parent.name == "annotations"


def _expression(text):
    """The label of a number; raises ValueError with the reason why there is none."""
    for number, name in UNUSED.items():
        if text.strip() in (str(number), f"{number}.0"):
            raise ValueError(f"annotated as {name}")
    return label_of(text, IDS)


def _add_listed(rows, lists, with_landmarks):
    pictures = {_tail(name): name for name in image_files(rows.tree)}
    for table in lists:
        part = "validation" if "valid" in stem(table).lower() else "train"
        for key, row in table_rows(rows, table, columns=COLUMNS):
            listed = row["subDirectory_filePath"]
            try:
                label = _expression(row["expression"])
                points = interleaved_points(row["facial_landmarks"]) if with_landmarks else None
            except ValueError as error:
                rows.skip(key, str(error))
            else:
                file = pictures.get(_tail(listed), listed)
                rows.add_file(file, label, part=part, points=points, traits=_strength(row))


def _strength(row):
    """Valence and arousal, -1 to 1; -2 stands for none."""
    known = {}
    for name in ("valence", "arousal"):
        try:
            value = float(row[name])
        except ValueError:
            continue
        if -1 <= value <= 1:
            known[name] = value
    return known


def _tail(name):
    """Folder and file: the lists name them below a folder whose own place differs from copy to copy."""
    return "/".join(PurePosixPath(name.replace("\\", "/")).parts[-2:])


def _add_annotated(rows, with_landmarks):
    known = set(rows.tree.files)
    for name in image_files(rows.tree):
        base = PurePosixPath(name).parent.parent / "annotations" / stem(name)
        if f"{base}_exp.npy" not in known:
            rows.skip(name, "no annotation")
            continue
        try:
            label = _expression(_text(_array(rows.tree, f"{base}_exp.npy")))
            points = interleaved_points(_text(_array(rows.tree, f"{base}_lnd.npy"))) if with_landmarks else None
        except (OSError, ValueError) as error:
            rows.skip(name, str(error))
        else:
            rows.add_file(name, label, part=part_of_folder(name), points=points)


def _array(tree, name) -> np.ndarray:
    """A small array of numbers or text; raises ValueError for anything else, such as a pickle."""
    content = tree.read(name)
    if len(content) > 2**16:
        raise ValueError(f"{name} is too large for an annotation")
    try:
        return np.load(io.BytesIO(content), allow_pickle=False)
    except Exception as error:  # numpy tokenizes and evaluates the header: on bad bytes it raises many types
        raise ValueError(f"{name} is no array: {error}") from error


def _text(array) -> str:
    """The values of an array of numbers or text, parted by spaces."""
    if array.dtype.kind == "U":  # decoded by hand: numpy raises SystemError on code points that do not exist
        codec = "utf-32-be" if array.dtype.str.startswith(">") else "utf-32-le"
        return array.tobytes().decode(codec, "replace").replace("\0", " ").strip()
    if array.dtype.kind not in "fiuS":
        raise ValueError(f"an array of {array.dtype}, not of numbers")
    return " ".join(str(value) for value in array.ravel().tolist())


def _is_yolo_label(name):
    path = PurePosixPath(name)
    return path.parent.name == "labels" and path.suffix == ".txt" and part_of_folder(name) != ""


def _add_yolo(rows):
    """`train/images/a.jpg` with `train/labels/a.txt`, "class x y width height"."""
    known = set(rows.tree.files)
    for name in image_files(rows.tree):
        path = PurePosixPath(name)
        annotation = str(path.parent.parent / "labels" / f"{path.stem}.txt")
        try:
            if annotation not in known:
                raise ValueError("no annotation")
            words = rows.tree.read(annotation).decode("ascii", "replace").split()
            label = label_of(words[0] if words else "", YOLO_IDS)
        except (OSError, ValueError) as error:
            rows.skip(name, str(error))
        else:
            rows.add_file(name, label, part=part_of_folder(name))


SOURCE = Source(
    title="AffectNet",
    about="AffectNet, old and new release",
    sentence="AffectNet (Mollahosseini et al. 2017): faces from web searches, one annotator each. For research only.",
    read=load,
    recognise=recognise,
    layout=(
        "training.csv and validation.csv with Manually_Annotated_Images/, or train_set/images/0.jpg with "
        "train_set/annotations/0_exp.npy, or AffectNet's YOLO copy train/images with train/labels"
    ),
    options={"landmarks": "yes: the 68 points that came with it (default: no)"},
    classes=LABELS,
    images="about 291,000",
    subjects="unknown",
    split="train, validation (the part to be scored)",
    licence="research only, on request",
    obtain="ask the owners",
    url="http://mohammadmahoor.com/affectnet/",
)
