"""A folder or an archive as one thing: sorted file names, and the bytes behind each."""

import os
import zipfile
from pathlib import Path, PurePosixPath

from data.errors import LineamentError

MAX_FILE_BYTES = 512 * 2**20  # an archive member may claim any size: do not believe more than this


class Tree:
    """Files below one root, named by relative POSIX paths in sorted order.

    Hidden files and macOS' `__MACOSX` copies are left out. Trees pickle as
    their path, so that worker processes open their own handle.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self._files = None

    @property
    def files(self) -> tuple[str, ...]:
        if self._files is None:
            self._files = tuple(sorted(name for name in self._list() if not _is_hidden(name)))
        return self._files

    def read(self, name: str) -> bytes:
        """Return the content of one file; raises OSError where it cannot be read."""
        raise NotImplementedError

    def _list(self):
        raise NotImplementedError

    def __getstate__(self):
        return {"path": self.path, "_files": None}


class FolderTree(Tree):
    def _list(self):
        for folder, subfolders, names in os.walk(self.path):
            subfolders.sort()
            below = Path(folder).relative_to(self.path)
            for name in names:
                yield (below / name).as_posix()

    def read(self, name):
        file = self.path / name
        if not file.resolve().is_relative_to(self.path.resolve()):
            raise OSError("a link that leads out of the folder")
        if file.stat().st_size > MAX_FILE_BYTES:
            raise OSError(f"larger than {MAX_FILE_BYTES >> 20} MiB")
        return file.read_bytes()


class ZipTree(Tree):
    """A zip archive, read in place: nothing is unpacked to disk."""

    _archive = None

    @property
    def archive(self):
        if self._archive is None:
            try:
                self._archive = zipfile.ZipFile(self.path)
            except (zipfile.BadZipFile, OSError) as error:
                raise LineamentError(
                    f"{self.path} is not a readable zip archive ({error}). Download it again, or give a folder."
                ) from error
        return self._archive

    def _list(self):
        return [member.filename for member in self.archive.infolist() if not member.is_dir()]

    def read(self, name):
        try:
            if self.archive.getinfo(name).file_size > MAX_FILE_BYTES:
                raise OSError(f"larger than {MAX_FILE_BYTES >> 20} MiB")
            return self.archive.read(name)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
            # RuntimeError: encrypted; NotImplementedError: an unknown compression.
            raise OSError(f"unreadable in the archive: {error}") from error
        except zipfile.zlib.error as error:
            raise OSError(f"damaged in the archive: {error}") from error


def open_tree(path) -> Tree:
    """Return the folder or archive at `path` as a `Tree`.

    Raises
    ------
    LineamentError
        If nothing is there, or it is neither a folder nor a zip archive, or it holds no file.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise LineamentError(f"There is no file or folder at {path}. Check the path given with --data.")
    tree = FolderTree(path) if path.is_dir() else ZipTree(path)
    if not tree.files:
        raise LineamentError(f"{path} is empty. Give the folder or archive that holds the images.")
    return tree


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)
