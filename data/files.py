"""Files that appear whole or not at all."""

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from .errors import LineamentError

TEMPORARY = re.compile(r"\..*\.(\d+)\.tmp.*", re.DOTALL)
TEMPORARIES: set[Path] = set()  # what this process has under way, to be removed if it is ended in the midst


@contextlib.contextmanager
def temporary_beside(path: Path, suffix: str = "") -> Iterator[Path]:
    """A name beside `path` for what is not whole yet; a file or folder that still bears it in the end is removed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp{suffix}")
    TEMPORARIES.add(temporary)
    try:
        yield temporary
    finally:
        remove(temporary)
        TEMPORARIES.discard(temporary)


def write_atomically(path: Path, write) -> None:
    """Call `write(file)` on a temporary file beside `path`, then put it in place in one step.

    Raises
    ------
    LineamentError
        If the folder cannot be written or the disk is full.
    """
    try:
        with temporary_beside(path) as temporary:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                write(file)
            os.replace(temporary, path)
    except OSError as error:
        raise LineamentError(
            f"Cannot write {path} ({error.strerror or error}). Free some space or choose another folder."
        ) from error


def remove_temporaries() -> None:
    """Remove what this process has under way."""
    for temporary in list(TEMPORARIES):
        remove(temporary)


def remove_left_behind(folder: Path, *, older_than_s: float = 0) -> None:
    """Remove what killed processes of this machine had under way in a folder and below.

    Where several machines write into one folder, a process of another is not seen from here: give its files some time.
    """
    for path in folder.rglob(".*.tmp*"):
        mine = TEMPORARY.fullmatch(path.name)
        with contextlib.suppress(OSError):  # it is gone by now
            if mine and not psutil.pid_exists(int(mine[1])) and path.stat().st_mtime < time.time() - older_than_s:
                remove(path)


def remove(path: Path) -> None:
    """Delete a file or a folder with all that it holds; what cannot be deleted stays."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
