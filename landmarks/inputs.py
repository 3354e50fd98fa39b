"""Pictures and videos to read, one by one: paths, folders, patterns, archives and arrays."""

import contextlib
import glob
import itertools
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.archive import TAR_SUFFIXES, Tree
from ..data.errors import LineamentError
from ..data.files import TEMPORARIES, remove
from ..data.images import IMAGE_SUFFIXES, UnreadableImage, decode_image
from ..data.packed import open_tree
from .video import VIDEO_SUFFIXES

ARCHIVE_SUFFIXES = (".zip", *TAR_SUFFIXES)


@dataclass(frozen=True, eq=False)
class Input:
    """One picture or video to read.

    Parameters
    ----------
    path : Path
        The file, or the archive that it lies in.
    within : Path
        Its name below the folder or archive that was given; never leads out of there.
    tree, member : Tree and str, or None and ""
        The archive, and the name in it.
    refused : str
        Why the archive does not give it; "" where it does.
    array : ndarray of shape (H, W) or (H, W, 3), uint8, RGB, or None
        A picture that is in memory already; `path` is then what it is called.
    """

    path: Path
    within: Path
    tree: Tree | None = None
    member: str = ""
    refused: str = ""
    array: np.ndarray | None = None

    @property
    def name(self) -> str:
        """What tables and messages call it."""
        return f"{self.path}/{self.member}" if self.member else str(self.path)

    @property
    def is_video(self) -> bool:
        return self.within.suffix.lower() in VIDEO_SUFFIXES

    def picture(self) -> np.ndarray:
        """The picture, uint8 (H, W) or (H, W, 3) RGB; raises OSError or UnreadableImage."""
        if self.array is not None:
            return self.array
        self._check()
        content = self.path.read_bytes() if self.tree is None else self.tree.read(self.member)
        try:
            return decode_image(content)
        except UnreadableImage as reason:
            if self.within.suffix.lower() in IMAGE_SUFFIXES:
                raise
            raise UnreadableImage(f"neither a picture nor a video ({reason})") from reason

    @contextlib.contextmanager
    def file(self) -> Iterator[Path]:
        """A file with this content, which goes at the end of the block if it was unpacked for it."""
        self._check()
        if self.tree is None:
            yield self.path
            return
        handle, name = tempfile.mkstemp(prefix="lineament-", suffix=self.within.suffix)
        TEMPORARIES.add(Path(name))
        try:
            with os.fdopen(handle, "wb") as copy:
                self.tree.copy(self.member, copy)
            yield Path(name)
        finally:
            remove(Path(name))
            TEMPORARIES.discard(Path(name))

    def _check(self):
        if self.refused:
            raise UnreadableImage(self.refused)


def inputs_at(paths: Iterable[Path], *, but: Path | None = None) -> list[Input]:
    """Every picture and video at these paths, before any work is done; what lies in the folder `but` is left out.

    A path is a file, a folder, a zip or tar archive, or a pattern such as photos/*.jpg that no shell has filled in.

    Raises
    ------
    LineamentError
        If a path is missing, an archive cannot be opened, or there is nothing to read.
    """
    paths = list(paths)
    try:
        found = [source for path in paths for match in _matches(path) for source in _inputs(match, but)]
    except OSError as error:
        raise LineamentError(f"{error.filename} cannot be looked into ({error.strerror}).") from error
    if not found:
        raise LineamentError(f"There is no picture and no video in {', '.join(map(str, paths))}.")
    return found


def inputs_of(things) -> Iterator[Input]:
    """The same of what Python has: a path, a picture as an array, or any iterable of those, read as it is gone through.

    Parameters
    ----------
    things : str, Path, ndarray or iterable
        An array of shape (H, W) or (H, W, 3), uint8, RGB, is a picture, one of shape (n, H, W, 3) several.

    Raises
    ------
    LineamentError
        As `inputs_at`, and for an array that is no picture.
    """
    yield from _things(things, itertools.count())


def _things(things, numbers) -> Iterator[Input]:
    if isinstance(things, str | os.PathLike):
        yield from inputs_at([Path(things).expanduser()])
    elif isinstance(things, np.ndarray) and things.ndim < 4 and things.dtype != object:
        name = f"array {next(numbers)}"
        yield Input(Path(name), Path(name), array=_checked_array(things, name))
    elif isinstance(things, Iterable):
        for thing in things:
            yield from _things(thing, numbers)
    else:
        raise LineamentError(f"A {type(things).__name__} is no picture. Give a path, an array, or a list of them.")


def _checked_array(array, name):
    shaped = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
    if not shaped or array.dtype != np.uint8 or not array.size:
        raise LineamentError(
            f"{name} has shape {array.shape} and type {array.dtype}: a picture is uint8, (height, width) gray or "
            "(height, width, 3) RGB."
        )
    return array


def _matches(path) -> list[Path]:
    if path.exists() or not any(sign in str(path) for sign in "*?["):
        return [path]
    matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
    if not matches:
        raise LineamentError(f"There is no file or folder that matches {path}.")
    return matches


def _inputs(path, but) -> Iterator[Input]:
    if path.is_file() and path.suffix.lower() in ARCHIVE_SUFFIXES:
        yield from _members(path)
    elif path.is_file():
        yield Input(path, Path(path.name))
    elif path.is_dir() and not _may_be_read(path):
        raise LineamentError(f"{path} may not be read: permission denied.")
    elif path.is_dir():
        left_out = but.resolve() if but and but.resolve() != path.resolve() else None
        for file in sorted(path.rglob("*")):
            within = file.relative_to(path)
            closed = os.path.isdir(file) and not _may_be_read(file)  # taken, so that it is told as unreadable
            known = _is_known(file) and os.path.isfile(file)
            if (closed or known) and not _lies_in(path.resolve() / within, left_out):
                yield Input(file, within)
    else:
        raise LineamentError(f"There is no file or folder {path}.")


def _members(path) -> Iterator[Input]:
    tree = open_tree(path)
    refused = dict(tree.refused)
    for member in sorted([*tree.files, *refused]):
        # A member may be called /face.png or a\..\..\face.png: a name, and no place to write to.
        within = Path(*(part for part in re.split(r"[/\\]", member) if part.strip(".") and not part.endswith(":")))
        if _is_known(within):
            yield Input(path, within, tree, member, refused.get(member, ""))


def _may_be_read(folder):
    return os.access(folder, os.R_OK | os.X_OK)


def _is_known(path):
    return path.suffix.lower() in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)


def _lies_in(path, folder):
    return folder is not None and path.is_relative_to(folder)
