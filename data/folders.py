"""Any folder of labelled folders: `<label>/*.jpg`, perhaps below `train`, `val` and `test`."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from .archive import Tree
from .dataset import Dataset
from .images import UNREAD_SUFFIXES
from .reader import SPLIT_NAMES, Rows, Source, image_files, part_of_folder


def load(tree: Tree) -> Dataset:
    """Read every picture below a label's folder; pictures beside those folders are listed."""
    rows = Rows(tree)
    for name, label in labels_by_folder(image_files(tree)).items():
        if label:
            rows.add_file(name, label, part=part_of_folder(name))
        else:
            rows.skip(name, "lies in no label's folder")
    for name in tree.files:
        if name.lower().endswith(UNREAD_SUFFIXES):
            rows.skip(name, "a picture of a kind that is not read: save it as JPEG or PNG")
    return rows.dataset("folder", SOURCE)


def recognise(tree: Tree) -> str:
    counts = Counter(labels_by_folder(image_files(tree)).values())
    del counts[""]
    if len(counts) < 2:
        return ""
    names = ", ".join(label for label, _ in counts.most_common(4))
    return f"pictures lie in {len(counts)} folders, such as {names}"


def labels_by_folder(files: Iterable[str]) -> dict[str, str]:
    """The label of every file: the first folder below those that all share, parts apart; "" where there is none."""
    folders = {name: _without_parts(name) for name in files}
    shared = _shared([parts for parts in folders.values() if parts])
    return {name: parts[shared] if len(parts) > shared else "" for name, parts in folders.items()}


def _without_parts(name):
    return [folder for folder in PurePosixPath(name).parts[:-1] if folder.lower() not in SPLIT_NAMES]


def _shared(paths) -> int:
    """How many leading folders lead to all pictures alike, before the folders of the labels."""
    shared = 0
    while len({path[shared] for path in paths if len(path) > shared}) == 1 and max(map(len, paths)) > shared + 1:
        shared += 1
    return shared


SOURCE = Source(
    title="Folders of labels",
    about="any folder with a folder of pictures for each label",
    sentence="Pictures of the user's own, labelled by their folder.",
    read=load,
    recognise=recognise,
    layout="<label>/*.jpg for two labels or more, perhaps below train, val and test",
    images="your own",
    subjects="unknown",
    split="where folders train, val, test are there",
    licence="your own",
    obtain="-",
)
