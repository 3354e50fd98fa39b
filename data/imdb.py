"""IMDB-WIKI: faces of celebrities with their gender as written on the web.

Rothe, Timofte and Van Gool, "DEX: Deep EXpectation of apparent age from a
single image", ICCV Workshops 2015.

`imdb_crop/imdb.mat` holds a struct `imdb` (or `wiki`) with `full_path`,
`gender` (0 woman, 1 man, NaN unknown), `face_score` and `second_face_score`.
A row counts where one face alone was found, and clearly.
"""

import io
from pathlib import PurePosixPath

import numpy as np
from scipy.io import loadmat

from .archive import Tree
from .dataset import Dataset
from .errors import LineamentError
from .reader import Rows, Source

LABELS = ("man", "woman")
NAMES = ("imdb.mat", "wiki.mat")
MIN_SCORE = 3.0


def load(tree: Tree, *, min_face_score: str = str(MIN_SCORE)) -> Dataset:
    """Read the pictures of known gender with one face that scores above `min_face_score`; the others are listed."""
    try:
        least = float(min_face_score)
    except ValueError as error:
        raise LineamentError(f"min_face_score={min_face_score!r} is not a number. Try {MIN_SCORE:g}.") from error
    rows = Rows(tree, LABELS)
    for name in _tables(tree):
        _add(rows, name, _columns(tree, name), least)
    return rows.dataset("imdb", SOURCE)


def recognise(tree: Tree) -> str:
    matching = _tables(tree)
    return f"{matching[0]} is the table of IMDB-WIKI" if matching else ""


def _tables(tree):
    return [name for name in tree.files if PurePosixPath(name).name in NAMES]


def _columns(tree, name):
    """The struct's columns as flat arrays of one length."""
    try:
        table = loadmat(io.BytesIO(tree.read(name)), squeeze_me=True, struct_as_record=False)
        struct = next(table[key] for key in ("imdb", "wiki") if key in table)
        columns = {field: np.atleast_1d(getattr(struct, field)) for field in struct._fieldnames}
        needed = [columns[field] for field in ("full_path", "gender", "face_score", "second_face_score")]
    # scipy raises what it stumbles over on bad bytes: IndexError, TypeError, MatReadError, zlib.error, …
    except Exception as error:
        raise LineamentError(
            f"{name} in {tree.path} cannot be read as the table of IMDB-WIKI ({type(error).__name__}: {error}). "
            "Download it again."
        ) from error
    if len({column.shape for column in needed}) != 1 or needed[0].ndim != 1:
        raise LineamentError(f"{name} in {tree.path} has columns of unequal length. Download it again.")
    return columns


def _add(rows, table, columns, least):
    folder = PurePosixPath(table).parent
    people = columns.get("celeb_id")
    known_people = people is not None and people.shape == columns["gender"].shape
    for number, path in enumerate(columns["full_path"]):
        key = f"{table}:{number + 1}"
        scores = (columns[field][number] for field in ("gender", "face_score", "second_face_score"))
        try:
            label = _label(*map(float, scores), least)
        except (TypeError, ValueError) as reason:
            rows.skip(key, str(reason))
            continue
        subject = str(people[number]) if known_people else ""
        rows.add_file((folder / str(path)).as_posix(), label, subject=subject)


def _label(gender, score, second, least):
    if gender not in (0, 1):
        raise ValueError("gender unknown")
    if not score > least:
        raise ValueError(f"face score not above {least:g}")
    if not np.isnan(second):
        raise ValueError("a second face")
    return "man" if gender else "woman"


SOURCE = Source(
    title="IMDB-WIKI",
    about="IMDB-WIKI by its .mat table, labels woman and man",
    sentence="IMDB-WIKI (Rothe et al. 2015): celebrities with the gender written on the web. For research only.",
    read=load,
    recognise=recognise,
    layout="imdb_crop/imdb.mat (or wiki_crop/wiki.mat) with the folders of pictures beside it",
    options={"min_face_score": f"least score of the face (default: {MIN_SCORE:g})"},
    classes=LABELS,
    images="460,723 and 62,328, about 40 % usable",
    subjects="20,284 in IMDB, by celebrity",
    split="none",
    licence="research only",
    obtain="`lineament data fetch imdb` (7 GB), or wiki_crop.tar",
    url="https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/",
)
