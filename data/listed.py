"""Any table of pictures: a CSV with columns `image,label` and perhaps `subject`, `sequence` and `split`.

Every other column is a trait of the faces: words, or numbers.
"""

import math
from pathlib import PurePosixPath

from .archive import Tree
from .dataset import Dataset
from .reader import Rows, Source
from .table import MAX_HEADERS, header, table_rows, tables

# Other names of each column, in lower case.
COLUMNS = {
    "image": ("image", "file", "filename", "path", "image_path", "img", "pth", "frame"),
    "label": ("label", "emotion", "expression", "class"),
    "subject": ("subject", "person", "identity", "subject_id"),
    "sequence": ("sequence", "sequence_id", "video", "clip"),
    "split": ("split", "usage", "set", "part"),
}


def load(tree: Tree) -> Dataset:
    """Read the pictures that the tables name, by paths relative to the table or to the root."""
    rows = Rows(tree)
    for table in label_tables(tree):
        for key, row in table_rows(rows, table):
            known = fields(row)
            name = _resolved(tree, table, known["image"])
            if name:
                belongs = {"subject": known["subject"], "sequence": known["sequence"], "part": known["split"]}
                rows.add_file(name, known["label"], **belongs, traits=traits(row))
            else:
                rows.skip(key, f"there is no picture {known['image'][:200]!r}")
    return rows.dataset("csv", SOURCE)


def recognise(tree: Tree) -> str:
    matching = label_tables(tree, most=MAX_HEADERS)
    return f"{matching[0]} has the columns {', '.join(header(tree, matching[0])[:6])}" if matching else ""


def fields(row: dict[str, str]) -> dict[str, str]:
    """The cells of image, label, subject, sequence and split under whatever name; "" where there is no such column."""
    lower = {column.lower(): cell for column, cell in row.items()}
    return {field: next((lower[name] for name in names if name in lower), "") for field, names in COLUMNS.items()}


def traits(row: dict[str, str]) -> dict[str, str | float]:
    """What the other columns say, numbers as such; an empty cell says nothing."""
    used = {name for names in COLUMNS.values() for name in names}
    others = {column.strip(): (cell or "").strip() for column, cell in row.items() if column}
    return {name: _number(cell) for name, cell in others.items() if cell and name and name.lower() not in used}


def _number(cell):
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if math.isfinite(number) else cell


def _has_columns(cells) -> bool:
    lower = {cell.lower() for cell in cells}
    return all(lower & set(COLUMNS[field]) for field in ("image", "label"))


def label_tables(tree: Tree, most: int | None = None) -> list[str]:
    """Tables with an image and a label column and no landmarks, of the first `most`."""
    headers = {name: header(tree, name) for name in tables(tree)[:most]}
    return [name for name, cells in headers.items() if _has_columns(cells) and "x_0" not in cells]


def _resolved(tree, table, image):
    image = image.replace("\\", "/").removeprefix("./")
    beside = (PurePosixPath(table).parent / image).as_posix()
    return next((name for name in (beside, image) if image and tree.has(name)), "")


SOURCE = Source(
    title="A CSV of pictures",
    about="a CSV image,label[,subject][,sequence][,split] beside the pictures",
    sentence="Pictures of the user's own, labelled by a table.",
    read=load,
    recognise=recognise,
    layout="a CSV with columns image, label and perhaps subject, sequence, split, and the pictures that it names",
    images="your own",
    subjects="column subject",
    split="column split",
    licence="your own",
    obtain="-",
)
