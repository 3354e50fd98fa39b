"""JAFFE: 213 gray 256x256 pictures of ten Japanese women, seven expressions.

Lyons, Akamatsu, Kamachi and Gyoba, "Coding Facial Expressions with Gabor Wavelets", FG 1998.

`KA.AN1.39.tiff` is subject KA, angry, her first, number 39 of all.
"""

import re
from pathlib import PurePosixPath

from .archive import Tree
from .dataset import Dataset
from .reader import Rows, Source, image_files

CODES = {
    "AN": "angry",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happy",
    "NE": "neutral",
    "SA": "sad",
    "SU": "surprise",
}
NAME = re.compile(r"([A-Z]{2})\.(AN|DI|FE|HA|NE|SA|SU)\d*\.\d+\.\w+")


def load(tree: Tree) -> Dataset:
    rows = Rows(tree, CODES.values())
    for name in image_files(tree):
        if match := _match(name):
            rows.add_file(name, CODES[match[2]], subject=match[1])
        else:
            rows.skip(name, "not named as a picture of JAFFE, KA.AN1.39.tiff")
    return rows.dataset("jaffe", SOURCE)


def recognise(tree: Tree) -> str:
    first = next(filter(_match, image_files(tree)), "")
    return f"{first} is named as JAFFE names its pictures" if first else ""


def _match(name):
    return NAME.fullmatch(PurePosixPath(name).name.upper())


SOURCE = Source(
    title="JAFFE",
    about="Japanese Female Facial Expression",
    sentence="JAFFE (Lyons et al. 1998): posed expressions of ten Japanese women. For research only.",
    read=load,
    recognise=recognise,
    layout="files such as KA.AN1.39.tiff: subject, emotion, number",
    classes=tuple(CODES.values()),
    images="213",
    subjects="10",
    split="none",
    licence="non-commercial research, on request",
    obtain="ask the owners",
    url="https://zenodo.org/records/3451524",
)
