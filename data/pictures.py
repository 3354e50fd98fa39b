"""Pictures that a table names: where it says, or by a name that one picture alone bears."""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from .archive import Tree
from .errors import LineamentError
from .images import IMAGE_SUFFIXES
from .packed import open_tree
from .reader import image_files, stem


class Names:
    """Names of files, found by what others call them: by the last part, and by folders where several share it."""

    def __init__(self, names: Iterable[str]):
        self._by_name, self._by_stem = defaultdict(list), defaultdict(list)
        for name in names:
            self._by_name[PurePosixPath(name).name].append(name)
            self._by_stem[stem(name)].append(name)

    def find(self, named: str, *, any_suffix: bool = False) -> str:
        """The name that is meant, "" where there is none; of several the one whose folders agree furthest.

        What has no suffix stands for any of that stem; with `any_suffix` whatever it has.

        Raises
        ------
        LookupError
            If several agree alike.
        """
        path = PurePosixPath(named.replace("\\", "/"))
        found = self._by_name.get(path.name, [])
        if not found and (any_suffix or not path.suffix):
            found = self._by_stem.get(path.stem, [])
        shared = [_shared(PurePosixPath(name), path) for name in found]
        best = [name for name, count in zip(found, shared) if count == max(shared)]
        if len(best) > 1:
            raise LookupError(f"{len(best)} pictures are called {path.name[:200]!r}: say which by its folder")
        return best[0] if best else ""


class Pictures:
    """The pictures of a tree, found by what a table calls them.

    Parameters
    ----------
    tree : Tree
    folder : str
        Of the tree; only pictures below it are looked for by their name alone.
    """

    def __init__(self, tree: Tree, folder: str = ""):
        self.tree = tree
        self.folder = f"{folder}/" if folder else ""
        self._names = Names(file for file in image_files(tree) if file.startswith(self.folder))

    def find(self, named: str, table: str = "") -> str:
        """The file that `named` stands for in `table`: beside it, below the root, or the only one of such a name.

        Raises
        ------
        LookupError
            If there is none, or several; the message is the reason.
        """
        named = named.replace("\\", "/").removeprefix("./")
        if not named:
            raise LookupError("no picture is named")
        beside = PurePosixPath(table).parent
        for place in (f"{self.folder}{named}", (beside / named).as_posix(), named):
            if self.tree.has(place):
                return place
        return self._names.find(named) or self._beside(beside, named)

    def _beside(self, folder, named):
        """Of a single table the folder is not listed: what lies beside it, or below, can only be asked for."""
        parts = PurePosixPath(named).parts
        for start in range(len(parts)):
            place = folder.joinpath(*parts[start:]).as_posix()
            if place.lower().endswith(IMAGE_SUFFIXES) and self.tree.has(place):
                return place
        raise LookupError(f"there is no picture {named[:200]!r}")


def pictures_at(tree: Tree, images: str = "") -> Pictures:
    """The pictures of a tree, or of `images`: a folder of it, or a folder or archive elsewhere.

    Raises
    ------
    LineamentError
        If `images` is neither.
    """
    folder = images.replace("\\", "/").removeprefix("./").rstrip("/")
    if not folder or any(name.startswith(f"{folder}/") for name in tree.files):
        return Pictures(tree, folder)
    places = [Path(images).expanduser(), (tree.path if tree.path.is_dir() else tree.path.parent) / images]
    there = next((place for place in places if os.path.exists(place)), None)
    if there is None:
        raise LineamentError(f"images={images}: there is no such folder in {tree.path}, nor on this disk.")
    return Pictures(open_tree(there))


def _shared(name, other) -> int:
    """How many folders, from the last on, bear the same names."""
    count = 0
    for one, another in zip(reversed(name.parts[:-1]), reversed(other.parts[:-1])):
        if one != another:
            break
        count += 1
    return count
