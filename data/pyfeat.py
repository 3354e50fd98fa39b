"""Landmarks that py-feat made: CSV files with columns FaceScore, x_0 … x_67, y_0 … y_67 and `input`.

Cheong et al., "Py-Feat: Python Facial Expression Analysis Toolbox", Affective Science 2023.

`input` names the picture or video of each row. Its columns anger … neutral are
py-feat's guesses and no labels: those stand in a column `label` added to it, or
in a table `image,label` beside it.
"""

from .archive import Tree
from .dataset import Dataset
from .listed import OPTIONS
from .openface import load_points, point_tables
from .reader import Source
from .table import MAX_HEADERS


def load(tree: Tree, **options: str) -> Dataset:
    return load_points(tree, SOURCE, "pyfeat", _seen_by_pyfeat, options)


def recognise(tree: Tree) -> str:
    matching = point_tables(tree, "pyfeat", most=MAX_HEADERS)
    return f"{matching[0]} has py-feat's columns of 68 points" if matching else ""


def _seen_by_pyfeat(row):
    return row["x_0"].strip().lower() not in ("", "nan")


SOURCE = Source(
    title="py-feat landmarks",
    about="landmarks made by py-feat (CSV)",
    sentence="Landmarks of the user's own, made by py-feat.",
    read=load,
    recognise=recognise,
    layout="CSV files with columns FaceScore, x_0 … x_67, y_0 … y_67, input, and label or a table image,label beside",
    options=OPTIONS,
    images="your own; may be absent",
    subjects="column subject, else one a video",
    split="column split",
    licence="your own",
    obtain="-",
)
