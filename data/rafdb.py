"""RAF-DB, basic emotions: 15,339 faces from the web, labelled by about 40 people each.

Li, Deng and Du, "Reliable Crowdsourcing and Deep Locality-Preserving Learning
for Expression Recognition in the Wild", CVPR 2017.

The owners' copy has `EmoLabel/list_patition_label.txt` (sic), lines
`train_00001.jpg 5`, and `Image/aligned/train_00001_aligned.jpg`; Kaggle's has
`DATASET/train/5/train_00001_aligned.jpg`. Names begin with the part.
`Annotation/manual/train_00001_manu_attri.txt` holds five points and then sex,
race and age, a number each.
"""

import re
from pathlib import PurePosixPath

from .archive import Tree
from .dataset import Dataset
from .pixels import label_of
from .reader import Rows, Source, image_files, stem

IDS = ("surprise", "fear", "disgust", "happy", "sad", "anger", "neutral")  # numbered from 1
LABELS = tuple(sorted(IDS))
FOLDERS = tuple("1234567")
LIST = re.compile(r"list_par?tition_label\.txt$")
NAME = re.compile(r"(train|test)_\d+(_aligned)?")
ATTRIBUTES = "_manu_attri"
TRAITS = {
    "sex": ("male", "female", ""),  # 2: unsure
    "race": ("Caucasian", "African-American", "Asian"),
    "age": ("0 to 3", "4 to 19", "20 to 39", "40 to 69", "70 and older"),
}


def load(tree: Tree) -> Dataset:
    rows = Rows(tree, LABELS)
    lists = _lists(tree)
    if lists:
        _add_listed(rows, lists[0])
    else:
        _add_folders(rows)
    return rows.dataset("rafdb", SOURCE)


def recognise(tree: Tree) -> str:
    if lists := _lists(tree):
        return f"{lists[0]} is RAF-DB's list of labels"
    first = next((name for name in image_files(tree) if NAME.fullmatch(stem(name)) and _number(name) in FOLDERS), "")
    return f"{first} is named as in RAF-DB and lies in a folder 1 to 7" if first else ""


def _lists(tree):
    return [name for name in tree.files if LIST.search(name)]


def _number(name):
    return PurePosixPath(name).parent.name or "none"


def _label(number):
    return label_of(str(int(number) - 1), IDS)


def _add(rows, name, number, traits):
    match = NAME.fullmatch(stem(name))
    try:
        label = _label(number)
    except ValueError:
        rows.skip(name, f"label {number[:20]!r} is not a number from 1 to 7")
        return
    if match is None:
        rows.skip(name, "not named train_00001 or test_0001")
    else:
        rows.add_file(name, label, part=match[1], traits=traits.get(stem(name).removesuffix("_aligned"), {}))


def _traits(tree):
    """Sex, race and age by name of a picture, from the last three numbers of its file of attributes."""
    found = {}
    for name in tree.files:
        if stem(name).endswith(ATTRIBUTES) and name.endswith(".txt"):
            found[stem(name).removesuffix(ATTRIBUTES)] = _attributes(tree, name)
    return found


def _attributes(tree, name):
    try:
        numbers = tree.read(name).decode("ascii", "replace").split()[-len(TRAITS) :]
    except OSError:
        return {}
    known = dict(zip(TRAITS, numbers))
    return {
        trait: TRAITS[trait][int(number)]
        for trait, number in known.items()
        if number.isdecimal() and int(number) < len(TRAITS[trait])
    }


def _add_listed(rows, listing):
    """The aligned picture of each listed name where there is one, else the original."""
    pictures, traits = {stem(name): name for name in image_files(rows.tree)}, _traits(rows.tree)
    for number, line in enumerate(_lines(rows, listing), start=1):
        words = line.split()
        if len(words) != 2:
            rows.skip(f"{listing}:{number}", f"{len(words)} words instead of a file name and a number")
            continue
        short = stem(words[0])
        _add(rows, pictures.get(f"{short}_aligned") or pictures.get(short) or words[0], words[1], traits)


def _lines(rows, listing):
    try:
        return rows.tree.read(listing).decode("utf-8-sig", "replace").splitlines()
    except OSError as error:
        rows.skip(listing, str(error))
        return []


def _add_folders(rows):
    traits = _traits(rows.tree)
    for name in image_files(rows.tree):
        _add(rows, name, _number(name), traits)


SOURCE = Source(
    title="RAF-DB",
    about="Real-world Affective Faces, basic emotions",
    sentence="RAF-DB (Li, Deng and Du 2017): faces from the web, labelled by about 40 people each. For research only.",
    read=load,
    recognise=recognise,
    layout="EmoLabel/list_patition_label.txt with Image/aligned/train_00001_aligned.jpg, or DATASET/train/<1 to 7>/",
    classes=LABELS,
    images="15,339",
    subjects="unknown",
    split="train 12,271, test 3,068",
    licence="non-commercial research, on request",
    obtain="ask the owners",
    url="http://www.whdeng.cn/raf/model1.html",
)
