"""CK+48, Kaggle's copy of CK+: 981 gray 48x48 pictures in seven folders.

They are the last three frames of each of 327 sequences and differ by a hair:
`S010_004_00000017.png` is a frame of sequence 004 of subject S010, and only
whole subjects may be parted.
"""

from pathlib import PurePosixPath

from .archive import Tree
from .ckplus import FRAME
from .dataset import Dataset
from .reader import Rows, Source, image_files, stem

LABELS = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")


def load(tree: Tree) -> Dataset:
    rows = Rows(tree, LABELS)
    for name in image_files(tree):
        if match := FRAME.search(stem(name)):
            subject, number, _ = match.groups()
            rows.add_file(name, _label(name), subject=subject, sequence=f"{subject}_{number}")
        else:
            rows.skip(name, "not named as a frame of CK+, S010_004_00000017.png")
    return rows.dataset("ck48", SOURCE)


def recognise(tree: Tree) -> str:
    found = (name for name in image_files(tree) if FRAME.search(stem(name)) and _label(name) in LABELS)
    first = next(found, "")
    return f"{first} is a frame of CK+ in a folder of its label" if first else ""


def _label(name):
    return PurePosixPath(name).parent.name.lower()


SOURCE = Source(
    title="CK+48",
    about="CK+ as folders of 48x48 pictures (Kaggle)",
    sentence="CK+48: the last three frames of each labelled sequence of CK+ (Lucey et al. 2010). For research only.",
    read=load,
    recognise=recognise,
    layout="CK+48/<label>/S010_004_00000017.png",
    classes=LABELS,
    images="981",
    subjects="118, from the file names",
    split="none",
    licence="research only, of the Cohn-Kanade database",
    obtain="Kaggle, with an account",
    url="https://www.kaggle.com/datasets/shawon10/ckplus",
)
