"""A folder or a single table as one thing: sorted file names, and the bytes behind each; what archives share."""

import io
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

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

    def copy(self, name: str, file) -> None:
        """Write the content of one file, of whatever size, to an open binary file; raises OSError."""
        with _as_os_error(), self.open(name) as stream:
            shutil.copyfileobj(stream, file)

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


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in parts)
