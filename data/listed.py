"""Any table of pictures: a CSV with columns `image,label` and perhaps `subject`, `sequence` and `split`.

Every other column is a trait of the faces: words, or numbers. Reader options name columns that are called otherwise,
and the folder of the pictures where it is elsewhere.
"""

import math
from collections.abc import Mapping

from .archive import Tree
from .dataset import Dataset
from .errors import LineamentError
from .pictures import pictures_at
from .reader import Rows, Source, shown
from .table import MAX_HEADERS, header, table_rows, tables

# Other names of each column, in lower case.
COLUMNS = {
    "image": ("image", "file", "filename", "path", "image_path", "img", "pth", "frame"),
    "label": ("label", "emotion", "expression", "class"),
    "subject": ("subject", "person", "identity", "subject_id"),
    "sequence": ("sequence", "sequence_id", "video", "clip"),
    "split": ("split", "usage", "set", "part"),
}
OPTIONS = {
    "images": "the folder of the pictures, where the table does not lead to them; it may lie elsewhere",
    **dict.fromkeys(COLUMNS, "the column that stands for it, where it has another name"),
}


def load(tree: Tree, *, images: str = "", **columns: str) -> Dataset:
    """Read the pictures that the tables name: by paths relative to the table or the root, else by their name alone."""
    named = named_columns(columns)
    pictures = pictures_at(tree, images)
    rows = Rows(tree, pictures=pictures.tree)
    for table in _tables_to_read(tree, named):
        for key, row in table_rows(rows, table):
            known = fields(row, named)
            try:
                name = pictures.find(known["image"], table)
            except LookupError as reason:
                rows.skip(key, str(reason))
                continue
            belongs = {"subject": known["subject"], "sequence": known["sequence"], "part": known["split"]}
            rows.add_file(name, known["label"], **belongs, traits=traits(row, named))
    return rows.dataset("csv", SOURCE)


def recognise(tree: Tree) -> str:
    matching = label_tables(tree, most=MAX_HEADERS)
    return f"{matching[0]} has the columns {', '.join(header(tree, matching[0])[:6])}" if matching else ""


def named_columns(columns: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """`COLUMNS` with these in place of the usual names."""
    return COLUMNS | {field: (column.lower(),) for field, column in columns.items()}


def fields(row: dict[str, str], columns: Mapping[str, tuple[str, ...]] = COLUMNS) -> dict[str, str]:
    """The cells of image, label, subject, sequence and split under whatever name; "" where there is no such column."""
    lower = {column.lower(): cell for column, cell in row.items()}
    return {field: next((lower[name] for name in names if name in lower), "") for field, names in columns.items()}


def traits(row: dict[str, str], columns: Mapping[str, tuple[str, ...]] = COLUMNS) -> dict[str, str | float]:
    """What the other columns say, numbers as such; an empty cell says nothing."""
    used = {name for names in columns.values() for name in names}
    others = {column.strip(): (cell or "").strip() for column, cell in row.items() if column}
    return {name: _number(cell) for name, cell in others.items() if cell and name and name.lower() not in used}


def _number(cell):
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if math.isfinite(number) else cell


def label_tables(tree: Tree, most: int | None = None, columns: Mapping[str, tuple[str, ...]] = COLUMNS) -> list[str]:
    """Tables with an image and a label column and no landmarks, of the first `most`."""
    headers = {name: header(tree, name) for name in tables(tree)[:most]}
    return [name for name, cells in headers.items() if not _lacking(cells, columns) and "x_0" not in cells]


def _lacking(cells, columns) -> list[str]:
    """Which of the image and the label no column stands for."""
    lower = {cell.lower() for cell in cells}
    return [field for field in ("image", "label") if not lower & set(columns[field])]


def _tables_to_read(tree, columns):
    """The tables that have the columns; raises LineamentError where none has, naming those of the first."""
    matching = label_tables(tree, columns=columns)
    if not matching and (first := next(iter(tables(tree)), "")):
        cells = header(tree, first)
        lacking = _lacking(cells, columns)
        raise LineamentError(
            f"{shown(first)} in {tree.path} has no column for {' and '.join(lacking)}, but {', '.join(cells[:12])}. "
            f"Say which by the reader's options: {','.join(f'{field}=COLUMN' for field in lacking)}."
        )
    return matching


SOURCE = Source(
    title="A CSV of pictures",
    about="a CSV image,label[,subject][,sequence][,split] and the pictures that it names",
    sentence="Pictures of the user's own, labelled by a table.",
    read=load,
    recognise=recognise,
    layout="a CSV with columns image, label and perhaps subject, sequence, split, and the pictures that it names, "
    "anywhere below the path given (reader options name other columns, and images=FOLDER another place)",
    options=OPTIONS,
    images="your own",
    subjects="column subject",
    split="column split",
    licence="your own",
    obtain="-",
)
