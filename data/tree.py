"""A folder or an archive as one thing: sorted file names, and the bytes behind each."""

import bz2
import functools
import gzip
import io
import lzma
import os
import stat
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from .errors import LineamentError

MAX_FILE_BYTES = 512 * 2**20  # an archive member may claim any size: do not believe more than this
MAX_EXPANSION = 200  # times its compressed size; pictures and tables of numbers stay below 20
HARMLESS_BYTES = 64 * 2**20  # below this the expansion does not matter
MAX_NAME = 1024  # characters of a path: names become one array, as wide as its longest
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".mat")
TAR_SUFFIXES = (".tar", ".gz", ".tgz", ".bz2", ".tbz", ".xz", ".txz")
# What the archive modules raise on damaged members. RuntimeError: encrypted; NotImplementedError: unknown compression.
ARCHIVE_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
)


class Tree:
    """Files below one root, named by relative POSIX paths in sorted order.

    Hidden files and macOS' `__MACOSX` copies are left out. Trees pickle as
    their path, so that worker processes open their own handle.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self._files = self._refused = self._known = None

    @property
    def files(self) -> tuple[str, ...]:
        self._scan()
        return self._files

    @property
    def refused(self) -> tuple[tuple[str, str], ...]:
        """Names that are not read at all, each with the reason: links and devices in archives, absurd names."""
        self._scan()
        return self._refused

    def has(self, name: str) -> bool:
        """True if `name` is one of the files; a path that leads out of the root never is."""
        if self._known is None:
            self._known = frozenset(self.files)
        return name in self._known

    def read(self, name: str) -> bytes:
        """Return the content of one file; raises OSError where it cannot be read."""
        with _as_os_error():
            if self._size(name) > MAX_FILE_BYTES:
                raise OSError(f"larger than {MAX_FILE_BYTES >> 20} MiB")
            with self.open(name) as stream:
                return stream.read()

    def open(self, name: str) -> io.BufferedIOBase:
        """Return a binary stream of one file; it and its reading raise one of `ARCHIVE_ERRORS`."""
        raise NotImplementedError

    def _size(self, name):
        raise NotImplementedError

    def _list(self):
        """Yield every name with "" or the reason why it is refused."""
        raise NotImplementedError

    @property
    def note(self) -> str:
        """What a user should know where nothing is found, as a sentence, or ""."""
        return ""

    def _scan(self):
        if self._files is not None:
            return
        good, refused = set(), {}
        for name, reason in self._list():
            if _is_hidden(name):
                continue
            if len(name) > MAX_NAME:
                name, reason = f"{name[:60]}…", f"a name of {len(name)} characters"
            if reason:
                refused[name] = reason
            else:
                good.add(name)
        self._files, self._refused = tuple(sorted(good)), tuple(sorted(refused.items()))

    def __getstate__(self):
        return {"path": self.path, "_files": None, "_refused": None, "_known": None}


class FolderTree(Tree):
    _root = None  # real path with its last slash, once it is needed

    def _list(self):
        problems = []
        for folder, subfolders, names in os.walk(self.path, onerror=problems.append):
            subfolders.sort()
            below = Path(folder).relative_to(self.path)
            for name in names:
                yield (below / name).as_posix(), ""
        for error in problems:
            yield Path(error.filename).relative_to(self.path).as_posix(), error.strerror or "cannot be opened"

    def open(self, name):
        return self._inside(name).open("rb")

    def _size(self, name):
        return self._inside(name).stat().st_size

    def _inside(self, name):
        file = os.path.realpath(self.path / name)
        if self._root is None:
            self._root = os.path.join(os.path.realpath(self.path), "")
        if not file.startswith(self._root):
            raise OSError("a link that leads out of the folder")
        if not stat.S_ISREG(os.stat(file).st_mode):
            raise OSError("not a regular file")
        return Path(file)


class FileTree(FolderTree):
    """One table, and whatever it names below the folder that it lies in.

    `files` holds the table alone: the folder may be somebody's Downloads.
    """

    def __init__(self, path: Path):
        super().__init__(Path(path).parent)
        self.table = Path(path).name

    @property
    def note(self):
        return " Of a single table only its own pictures are read: give the folder for what lies beside it."

    def _list(self):
        yield self.table, ""

    def has(self, name):
        try:
            self._inside(name)
        except (OSError, ValueError, RuntimeError):  # no such file; a NUL in the name; links in a circle
            return False
        return True

    def __getstate__(self):
        return {**super().__getstate__(), "table": self.table}


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
        for member in self.archive.infolist():
            if not member.is_dir():
                is_link = stat.S_ISLNK(member.external_attr >> 16)
                yield member.filename, "a link inside the archive" if is_link else ""

    def open(self, name):
        member = self.archive.getinfo(name)
        if member.file_size > max(HARMLESS_BYTES, MAX_EXPANSION * member.compress_size):
            raise OSError(f"expands more than {MAX_EXPANSION} times: refused as a zip bomb")
        return self.archive.open(member)

    def _size(self, name):
        return self.archive.getinfo(name).file_size


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
        yield from ((name, "") for name in places)
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
        self._file = Path(path).open("rb")  # closed with this
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
            if member.isreg() and not member.issparse():
                places[member.name] = (member.offset_data, member.size)
            elif not member.isdir():
                refused[member.name] = "a link, a device or a sparse file inside the archive"
    return places, refused


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


@contextmanager
def _as_os_error():
    try:
        yield
    except OSError:
        raise
    except KeyError as error:
        raise OSError(f"no such file: {error}") from error
    except ARCHIVE_ERRORS as error:
        raise OSError(f"unreadable in the archive: {error}") from error


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
    tree = _kind(path)(path)
    if not tree.files:
        raise LineamentError(f"{path} is empty. Give the folder or archive that holds the images.")
    return tree


def _kind(path):
    if path.is_dir():
        return FolderTree
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        return FileTree
    return TarTree if suffix in TAR_SUFFIXES else ZipTree


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)
