"""Landmarks that OpenFace made: CSV files with columns x_0 … x_67, y_0 … y_67 and `success`, or `face`.

Baltrušaitis et al., "OpenFace 2.0: Facial Behavior Analysis Toolkit", FG 2018.

One CSV a picture or a video. The labels stand in a column `label` added to it,
in a table `image,label` beside it that names the CSV's stem or its `input`, in
the folder above, or in that of the pictures that are the `input`. Where
FeatureExtraction saw no face, the row stays without points;
FaceLandmarkImg writes a row for each face that it saw, numbered in `face`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from .archive import Tree
from .dataset import Dataset
from .errors import LineamentError
from .folders import labels_by_folder
from .images import IMAGE_SUFFIXES
from .listed import OPTIONS, fields, label_tables, named_columns
from .pictures import Names, pictures_at
from .points import column_points, landmark_style
from .reader import Rows, Source, part_of_folder, shown
from .table import MAX_HEADERS, header, table_rows, tables

log = logging.getLogger(__name__)
OWN_COLUMNS = ("label", "subject", "split")  # that may be added to a table of points; its others mean other things


def load(tree: Tree, **options: str) -> Dataset:
    return load_points(tree, SOURCE, "openface", _seen_by_openface, options)


def recognise(tree: Tree) -> str:
    matching = point_tables(tree, "openface", most=MAX_HEADERS)
    return f"{matching[0]} has OpenFace's columns of 68 points" if matching else ""


def _seen_by_openface(row):
    return row.get("success", "1").strip() in ("1", "1.0")


def point_tables(tree: Tree, style: str, most: int | None = None) -> list[str]:
    """Tables of 68 points in this `landmark_style`; stops after `most` tables where the first shows enough."""
    return [name for name in tables(tree)[:most] if landmark_style(header(tree, name)) == style]


@dataclass(slots=True)
class _Face:
    """A row of a table: what it is of (`shot`), the `file` of the picture or "", what is known, and its points."""

    key: str
    shot: str
    file: str
    known: dict[str, str]
    points: np.ndarray | None


def load_points(
    tree: Tree, source: Source, name: str, was_seen: Callable[[dict], bool], options: Mapping[str, str]
) -> Dataset:
    """Rows of landmark tables as a dataset with `landmarks`; pictures are joined where they lie there too.

    `name` is that of the reader and of the `landmark_style`, `options` are those of `listed.OPTIONS`.

    Raises
    ------
    LineamentError
        If no label is known.
    """
    columns = {field: column for field, column in options.items() if field != "images"}
    pictures, labels = pictures_at(tree, options.get("images", "")), _Labels(tree, columns)
    rows, matching = Rows(tree, pictures=pictures.tree), point_tables(tree, name)
    faces = list(_faces(rows, matching, pictures, labels, was_seen))
    if not any(face.known["label"] for face in faces):
        _label_by_folder(faces)
    for face in faces:
        known = {"part": face.known["split"], "subject": face.known["subject"]}
        rows.add(face.key, face.known["label"], file=face.file, points=face.points, **known)
    if not rows.rows and matching:
        raise LineamentError(
            f"{shown(matching[0])} in {tree.path} has landmarks and no labels: a `label` column is needed for "
            "training, or a folder for each label, or a table image,label beside it "
            "(other columns by --reader-options image=COLUMN,label=COLUMN)."
        )
    _join_frames(rows, {shown(face.key): shown(face.shot) for face in faces})
    return rows.dataset(name, source, landmarks=True)


def _faces(rows, matching, pictures, labels, was_seen) -> Iterator[_Face]:
    for table in matching:
        for key, row in table_rows(rows, table):
            shot = row.get("input", "") or table
            try:
                points = column_points(row) if was_seen(row) else None
            except ValueError as error:
                rows.skip(key, str(error))
            else:
                yield _Face(key, shot, _file(pictures, shot, table), labels.of(row, table, shot), points)


def _file(pictures, shot, table):
    """The picture that a row is of; "" for a video, or where pictures stayed elsewhere."""
    named = shot.removesuffix(".csv")  # OpenFace writes a table for each picture, under its name
    try:
        file = pictures.find(named, table)
    except LookupError:
        return ""
    return file if file.lower().endswith(IMAGE_SUFFIXES) else ""


def _label_by_folder(faces):
    """Labels from the folders of the pictures, where these are several."""
    labels = labels_by_folder({face.file for face in faces if face.file})
    if len(set(labels.values()) - {""}) > 1:
        for face in faces:
            face.known |= {"label": labels.get(face.file, ""), "split": part_of_folder(face.file)}


def _join_frames(rows, shots):
    """Rows of one video are its frames; where no subject is known, each video counts as a person of its own.

    Single pictures say nothing of who it is.
    """
    counts = Counter(shots[row.key] for row in rows.rows)
    if len(counts) == len(rows.rows):
        return
    if len(counts) == 1:
        if not any(row.subject for row in rows.rows):
            log.warning("All landmarks are of one video: folds cannot keep its frames together.")
        return
    known = any(row.subject for row in rows.rows)
    for row in rows.rows:
        row.sequence = shots[row.key]
        row.subject = row.subject if known else row.sequence


class _Labels:
    """Where the label of a landmark row stands: its own columns, a companion table, or the folder of its table."""

    def __init__(self, tree, columns):
        named, self._companion = named_columns(columns), {}
        own = {name: (name,) for name in OWN_COLUMNS}
        self._columns = dict.fromkeys(named, ()) | own | {name: named[name] for name in columns if name in own}
        rows = Rows(tree)
        for table in label_tables(tree, columns=named):
            for _, row in table_rows(rows, table):
                known = fields(row, named)
                self._companion[known["image"].replace("\\", "/")] = known
        self._named = Names(self._companion)
        folders = {PurePosixPath(name).parent.name for name in tables(tree) if "x_0" in header(tree, name)}
        self._in_folders = len(folders) > 1

    def of(self, row, table, shot) -> dict[str, str]:
        known = fields(row, self._columns)
        if not known["label"]:
            known = self._beside(shot) or self._beside(table) or known
        if not known["label"] and self._in_folders:
            known = {**known, "label": PurePosixPath(table).parent.name}
        return known

    def _beside(self, name) -> dict[str, str]:
        """What a companion table says; nothing where it names several so."""
        try:
            return self._companion.get(self._named.find(name, any_suffix=True), {})
        except LookupError:
            return {}


SOURCE = Source(
    title="OpenFace landmarks",
    about="landmarks made by OpenFace (CSV)",
    sentence="Landmarks of the user's own, made by OpenFace.",
    read=load,
    recognise=recognise,
    layout="CSV files with columns success (or face, confidence), x_0 … x_67, y_0 … y_67, and label or a table "
    "image,label beside them",
    options=OPTIONS,
    images="your own; may be absent",
    subjects="column subject, else one a video",
    split="column split",
    licence="your own",
    obtain="-",
)
