"""CK+ as `ckextended.csv`: 920 gray 48x48 faces in FER2013's columns, contempt added as label 7.

Several near-identical rows show one person, and the table does not say whom:
its Usage column is kept, but it does not part people.
"""

from . import fer2013
from .archive import Tree
from .dataset import Dataset
from .pixels import add_pixel_rows, label_of
from .reader import Rows, Source

IDS = (*fer2013.IDS, "contempt")
LABELS = tuple(sorted(IDS))


def load(tree: Tree) -> Dataset:
    rows = Rows(tree, LABELS)
    for table in _tables(tree):
        add_pixel_rows(rows, table, lambda row: label_of(row["emotion"], IDS))
    return rows.dataset("ckextended", SOURCE)


def recognise(tree: Tree) -> str:
    matching = _tables(tree)
    return f"{matching[0]} is CK+ in FER2013's columns" if matching else ""


def _tables(tree):
    return [name for name in fer2013.pixel_tables(tree) if "ckextended" in name.lower()]


SOURCE = Source(
    title="CK+ (ckextended.csv)",
    about="CK+ as one CSV in FER2013's columns",
    sentence="CK+ (Lucey et al. 2010) as ckextended.csv: posed expressions, gray 48x48; people recur in all parts.",
    read=load,
    recognise=recognise,
    layout="ckextended.csv with columns emotion, pixels, Usage",
    classes=LABELS,
    images="920",
    subjects="not given",
    split="the table's Usage; the same people on both sides",
    licence="research only, of the Cohn-Kanade database",
    obtain="from copies of the table; the originals from the owners",
    url="https://www.jeffcohn.net/Resources/",
)
