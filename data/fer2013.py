"""FER2013: 35,887 gray 48x48 faces from a web search, seven labels, an official split.

Goodfellow et al., "Challenges in Representation Learning", ICONIP 2013.

============ =======================================================
classes      angry, disgust, fear, happy, neutral, sad, surprise
images       28,709 training, 3,589 public test, 3,589 private test
subjects     unknown
licence      Kaggle, Database Contents Licence (DbCL)
============ =======================================================

Three copies are about: folders whose `test/` mixes two parts that only the
file's prefix tells apart, folders `train` and `validation` of numbered files,
and tables of pixels (`emotion,pixels,Usage`; Kaggle's own writes
`emotion, Usage, pixels`; `train.csv` without Usage; `test.csv` without labels).
"""

from pathlib import PurePosixPath

from .archive import Tree
from .dataset import Dataset
from .errors import LineamentError
from .pixels import add_pixel_rows, label_of
from .reader import Rows, Source, image_files, part_of_folder, stem
from .table import header, tables, tables_with

LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
IDS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # of the tables: not in the folders' order
PREFIXES = ("Training", "PublicTest", "PrivateTest")


def load(tree: Tree) -> Dataset:
    """Read FER2013 from its table where there is one, else from its folders.

    The part to be scored is PrivateTest where it is present (PublicTest is
    then validation), else PublicTest.
    """
    rows = Rows(tree, LABELS)
    matching = pixel_tables(tree)
    if matching:
        _add_tables(rows, matching)
    elif any("pixels" in header(tree, name) for name in tables(tree)):
        raise LineamentError(
            f"The table in {tree.path} has pixels and no labels (as FER2013's test.csv): nothing can be learned "
            "from it or scored. Give fer2013.csv, icml_face_data.csv or train.csv."
        )
    elif _has_prefixes(tree):
        _add_by_prefix(rows)
    else:
        _add_by_folder(rows)
    return rows.dataset("fer2013", SOURCE)


def recognise(tree: Tree) -> str:
    if matching := [name for name in pixel_tables(tree) if "ckextended" not in name.lower()]:
        return f"{matching[0]} has the columns emotion and pixels"
    if _has_prefixes(tree):
        return "pictures are called Training_…, PublicTest_… or PrivateTest_… and lie in folders of FER2013's labels"
    if only := [name for name in tables(tree) if header(tree, name) == ["pixels"]]:
        return f"{only[0]} has pixels, as FER2013's test.csv"
    images = image_files(tree)
    if images and all(stem(name).isdigit() and _label(name) in LABELS and part_of_folder(name) for name in images):
        return "numbered pictures lie in train/<label> and validation/<label> with FER2013's labels"
    return ""


def pixel_tables(tree: Tree) -> list[str]:
    """Tables with labels and pixels, the most complete first."""
    matching = tables_with(tree, "emotion", "pixels")
    return sorted(matching, key=lambda name: ("Usage" not in header(tree, name), "fer2013" not in name, name))


def _add_tables(rows, matching):
    first, *others = matching
    add_pixel_rows(rows, first, lambda row: label_of(row["emotion"], IDS))
    for name in others:
        rows.skip(name, f"{first} is read in its place")
    for name in tables(rows.tree):
        if header(rows.tree, name) == ["pixels"]:
            rows.skip(name, "pixels without labels")


def _has_prefixes(tree):
    return any(_prefix(name) in PREFIXES and _label(name) in LABELS for name in image_files(tree))


def _prefix(name):
    return PurePosixPath(name).name.split("_")[0]


def _label(name):
    return PurePosixPath(name).parent.name.lower()


def _add_by_prefix(rows):
    for name in image_files(rows.tree):
        if _prefix(name) in PREFIXES:
            rows.add_file(name, _label(name), part=_prefix(name))
        else:
            rows.skip(name, f"the name does not begin with one of {', '.join(PREFIXES)}")


def _add_by_folder(rows):
    for name in image_files(rows.tree):
        rows.add_file(name, _label(name), part=part_of_folder(name))


SOURCE = Source(
    title="FER2013",
    about="FER2013 as downloaded: folder, archive or CSV",
    sentence=(
        "FER2013 (Goodfellow et al. 2013): gray 48x48 faces found by web search and labelled by people who "
        "agree with each other in about 65 of 100 cases. Kaggle, Database Contents Licence."
    ),
    read=load,
    recognise=recognise,
    layout=(
        "train/<label>/Training_*.jpg and test/<label>/PublicTest_*.jpg, or train/<label> and validation/<label>, "
        f"with labels {', '.join(LABELS)}, or a CSV with columns emotion, pixels and perhaps Usage"
    ),
    classes=LABELS,
    images="35,887",
    subjects="unknown",
    split="Training, PublicTest (validation), PrivateTest (test)",
    licence="Database Contents Licence (DbCL)",
    obtain="`lineament data fetch fer2013`",
    url="https://www.kaggle.com/datasets/msambare/fer2013",
)
