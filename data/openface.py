"""Landmarks that OpenFace made: CSV files with columns x_0 … x_67, y_0 … y_67 and `success`, or `face`.

Baltrušaitis et al., "OpenFace 2.0: Facial Behavior Analysis Toolkit", FG 2018.

One CSV a picture or a video. The labels stand in a column `label` added to it,
in a table `image,label` beside it that names the CSV's stem, or in the folder
above. Where FeatureExtraction saw no face, the row stays without points;
FaceLandmarkImg writes a row for each face that it saw, numbered in `face`.
"""

import logging
from collections import Counter
from pathlib import PurePosixPath

from .archive import Tree
from .dataset import Dataset
from .errors import LineamentError
from .listed import fields, label_tables
from .points import column_points, landmark_style
from .reader import Rows, Source, image_files, shown, stem
from .table import MAX_HEADERS, header, table_rows, tables

log = logging.getLogger(__name__)
LABEL_COLUMNS = ("label", "subject", "split")


def load(tree: Tree) -> Dataset:
    return load_points(tree, SOURCE, "openface", point_tables(tree, "openface"), _seen_by_openface)


def recognise(tree: Tree) -> str:
    matching = point_tables(tree, "openface", most=MAX_HEADERS)
    return f"{matching[0]} has OpenFace's columns of 68 points" if matching else ""


def _seen_by_openface(row):
    return row.get("success", "1").strip() in ("1", "1.0")


def point_tables(tree: Tree, style: str, most: int | None = None) -> list[str]:
    """Tables of 68 points in this `landmark_style`; stops after `most` tables where the first shows enough."""
    return [name for name in tables(tree)[:most] if landmark_style(header(tree, name)) == style]


def load_points(tree: Tree, source: Source, name: str, matching: list[str], was_seen) -> Dataset:
    """Rows of landmark tables as a dataset with `landmarks`; pictures are joined where they lie there too.

    Raises
    ------
    LineamentError
        If no label is known.
    """
    rows, labels, shots = Rows(tree), _Labels(tree), {}
    pictures = {stem(file): file for file in image_files(tree)}
    for table in matching:
        for key, row in table_rows(rows, table):
            shot = row.get("input", "") or table
            known = labels.of(row, table, shot)
            try:
                points = column_points(row) if was_seen(row) else None
            except ValueError as error:
                rows.skip(key, str(error))
                continue
            shots[shown(key)] = shown(shot)
            file = pictures.get(stem(shot), "")
            rows.add(key, known["label"], part=known["split"], subject=known["subject"], file=file, points=points)
    if not rows.rows and matching:
        raise LineamentError(
            f"{matching[0]} in {tree.path} has landmarks and no labels: a `label` column is needed for training, "
            "or a table image,label beside it, or a folder for each label."
        )
    _join_frames(rows, shots)
    return rows.dataset(name, source, landmarks=True)


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
    """Where the label of a landmark row stands: its own columns, a companion table, or the folder."""

    def __init__(self, tree):
        self._companion = {}
        rows = Rows(tree)
        for table in label_tables(tree):
            for _, row in table_rows(rows, table):
                known = fields(row)
                self._companion[stem(known["image"])] = known
        folders = {PurePosixPath(name).parent.name for name in tables(tree) if "x_0" in header(tree, name)}
        self._in_folders = len(folders) > 1

    def of(self, row, table, shot) -> dict[str, str]:
        known = fields(
            {column: cell for column, cell in row.items() if column.lower() in ("label", "subject", "split")}
        )
        if not known["label"]:
            known = self._companion.get(stem(shot.replace("\\", "/"))) or self._companion.get(stem(table)) or known
        if not known["label"] and self._in_folders:
            known = {**known, "label": PurePosixPath(table).parent.name}
        return known


SOURCE = Source(
    title="OpenFace landmarks",
    about="landmarks made by OpenFace (CSV)",
    sentence="Landmarks of the user's own, made by OpenFace.",
    read=load,
    recognise=recognise,
    layout="CSV files with columns success (or face, confidence), x_0 … x_67, y_0 … y_67, and label or a table "
    "image,label beside them",
    images="your own; may be absent",
    subjects="column subject, else one a video",
    split="column split",
    licence="your own",
    obtain="-",
)
