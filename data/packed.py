"""Zip and tar archives as trees of files, read in place."""

import bz2
import functools
import gzip
import io
import lzma
import os
import re
import stat
import tarfile
import tempfile
import weakref
import zipfile
from pathlib import Path, PurePosixPath

from .archive import (
    ARCHIVE_ERRORS,
    HARMLESS_BYTES,
    MAX_EXPANSION,
    TABLE_SUFFIXES,
    TAR_SUFFIXES,
    FileTree,
    FolderTree,
    Tree,
)
from .errors import LineamentError
from .files import TEMPORARIES
from .images import IMAGE_SUFFIXES
from .reader import shown

SPREADSHEETS = (".xlsx", ".xls", ".ods", ".numbers")
OTHER_ARCHIVES = (".rar", ".7z", ".zst", ".z", ".lz4")


class ZipTree(Tree):
    """A zip archive, read in place: nothing is unpacked to disk."""

    @property
    def archive(self) -> zipfile.ZipFile:
        try:
            return _zip_archive(self.path, _stamp(self.path))
        except ARCHIVE_ERRORS as error:
            raise LineamentError(
                f"{self.path} is not a readable zip archive ({error}). Download it again, or give a folder."
            ) from error

    def _list(self):
        for name, member in self._members.items():
            if not name.endswith("/"):
                is_link = stat.S_ISLNK(member.external_attr >> 16)
                yield name, "a link inside the archive" if is_link else _astray(name)

    @property
    def _members(self):
        return _zip_members(self.archive)

    def open(self, name):
        member = self._members[name]
        if member.file_size > max(HARMLESS_BYTES, MAX_EXPANSION * member.compress_size):
            raise OSError(f"expands more than {MAX_EXPANSION} times: refused as a zip bomb")
        return self.archive.open(member)

    def _size(self, name):
        return self._members[name].file_size


class TarTree(Tree):
    """A tar archive, its members found once and then read in place.

    A compressed tar cannot be read out of order: it is unpacked to one plain
    tar in the temporary folder, which goes when the tree does.
    """

    def __init__(self, path: Path):
        super().__init__(path)
        self._plain = None

    @property
    def plain(self) -> Path:
        """Path of the archive without its compression."""
        if self._plain is None:
            self._plain = self.path
            if (opener := _decompressor(self.path)) is not None:
                self._plain = _unpacked(self.path, opener)
                weakref.finalize(self, self._plain.unlink, missing_ok=True)
        return self._plain

    @property
    def _index(self):
        try:
            return _tar_index(self.plain, _stamp(self.plain))
        except ARCHIVE_ERRORS as error:
            raise LineamentError(
                f"{self.path} is not a readable tar archive ({error}). Download it again, or give a folder."
            ) from error

    def _list(self):
        places, refused = self._index
        yield from ((name, _astray(name)) for name in places)
        yield from refused.items()

    def open(self, name):
        return io.BufferedReader(_Section(self.plain, *self._index[0][name]))

    def _size(self, name):
        return self._index[0][name][1]

    def __getstate__(self):
        return {**super().__getstate__(), "_plain": self.plain}


class _Section(io.RawIOBase):
    """`size` bytes of a file, from `start` on."""

    def __init__(self, path, start, size):
        self._file = Path(path).open("rb")  # noqa: SIM115 - closed with this
        self._file.seek(start)
        self._left = size

    def readable(self):
        return True

    def readinto(self, buffer):
        wanted = min(len(buffer), self._left)
        content = self._file.read(wanted)
        if len(content) < wanted:
            raise OSError("the archive ends early")
        buffer[: len(content)] = content
        self._left -= len(content)
        return len(content)

    def close(self):
        self._file.close()
        super().close()


@functools.lru_cache(maxsize=4)
def _zip_archive(path, stamp):
    """One handle a process: workers get a tree with every batch, and the list of members is long."""
    return zipfile.ZipFile(path)


@functools.lru_cache(maxsize=4)
def _zip_members(archive):
    """Members by the name that a tree has for them; of two the later one, as `unzip` would leave it."""
    return {_plain_name(member.filename): member for member in archive.infolist()}


@functools.lru_cache(maxsize=4)
def _tar_index(path, stamp):
    """Places {name: (offset, size)} of the regular members, and {name: reason} of the others."""
    places, refused = {}, {}
    with tarfile.open(path, "r:") as archive:
        before = -1
        while (member := archive.next()) is not None:
            archive.members.clear()  # it would keep a kilobyte a member
            if archive.offset <= before or member.size < 0:
                raise tarfile.ReadError("members that overlap")
            before = archive.offset
            name = _plain_name(member.name)
            if member.isreg() and not member.issparse():
                places[name] = (member.offset_data, member.size)
            elif not member.isdir():
                refused[name] = "a link, a device or a sparse file inside the archive"
    return places, refused


def _plain_name(name):
    """A member's name with the slashes of a tree: some tools pack backslashes, and `tar -C folder .` a leading ./"""
    name = re.sub("/+", "/", name.replace("\\", "/"))
    while name.startswith("./"):
        name = name[2:]
    return name


def _astray(name):
    """Why a member has no place below the archive's root; "" where it has one."""
    if re.match("/|[A-Za-z]:/", name):
        return "an absolute path inside the archive"
    return "a path that leads out of the archive" if ".." in PurePosixPath(name).parts else ""


def _decompressor(path):
    with path.open("rb") as file:
        magic = file.read(6)
    for start, opener in ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open)):
        if magic.startswith(start):
            return opener
    return None


def _unpacked(path, opener):
    """A plain copy of a compressed tar in the temporary folder; refuses what expands without measure."""
    most = max(HARMLESS_BYTES, MAX_EXPANSION * path.stat().st_size)
    descriptor, name = tempfile.mkstemp(prefix="lineament-", suffix=".tar")
    TEMPORARIES.add(Path(name))
    try:
        with os.fdopen(descriptor, "wb") as plain, opener(path) as packed:
            while chunk := packed.read(2**20):
                plain.write(chunk)
                if plain.tell() > most:
                    raise OSError(f"expands more than {MAX_EXPANSION} times: refused as a bomb")
    except BaseException:  # an interrupt too leaves nothing behind
        os.unlink(name)
        raise
    return Path(name)


def _stamp(path):
    """What changes when the file is replaced."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def open_tree(path) -> Tree:
    """Return the folder, archive or single table at `path` as a `Tree`.

    Raises
    ------
    LineamentError
        If nothing is there, or it is neither a folder, an archive nor a table, or it holds no file.
    """
    path = Path(path).expanduser()
    try:
        there = path.exists()
    except (OSError, ValueError):
        there = False
    if not there:
        raise LineamentError(f"There is no file or folder at {path}. Check the path given with --data.")
    if not os.access(path, os.R_OK):
        raise LineamentError(f"{path} cannot be read: permission denied.")
    if advice := _no_tree(path):
        raise LineamentError(f"{path} is {advice}.")
    tree = _kind(path)(path)
    if not tree.files:
        raise LineamentError(_without_files(tree, path))
    return tree


def _no_tree(path) -> str:
    """What a file is that is none of those, and what to do with it; "" where it may be one."""
    if path.is_dir():
        return ""
    suffix = path.suffix.lower()
    if suffix in SPREADSHEETS:
        return "a spreadsheet: save it as CSV"
    if suffix in OTHER_ARCHIVES:
        return "an archive of a kind that is not read: unpack it, and give the folder"
    if suffix in (*TABLE_SUFFIXES, *TAR_SUFFIXES) or zipfile.is_zipfile(path) or suffix in ("", ".zip"):
        return ""
    if suffix in IMAGE_SUFFIXES:
        return "one picture: give the folder in which each label has a folder of pictures, or a table image,label"
    return (
        "no folder, no zip or tar archive and no table: give what holds pictures and their labels "
        "(faces of a video: lineament landmarks VIDEO)"
    )


def _without_files(tree, path):
    if not tree.refused:
        return f"{path} is empty. Give the folder or archive that holds the images."
    name, reason = tree.refused[0]
    n = len(tree.refused)
    if path.is_dir():
        return f"{path} cannot be read{'' if name == '.' else f', such as {shown(name)} in it'}: {reason}."
    what = f"its {n:,} files are" if n > 1 else "its only file is"
    return f"Nothing in {path} can be read: {what} left out, such as {shown(name)}: {reason}. Unpack it, or pack anew."


def _kind(path):
    if path.is_dir():
        return FolderTree
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        return FileTree
    return TarTree if suffix in TAR_SUFFIXES else ZipTree
