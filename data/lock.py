"""One writer a folder: a lock that the system takes back when its process ends, however it ends."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from .errors import LineamentError

NAME = ".lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, made where it is not there; another process that asks for it meanwhile is refused.

    Where the file system knows no locks, there is none.

    Raises
    ------
    LineamentError
        If another run holds it, or the folder cannot be written.
    """
    path = Path(folder) / NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise LineamentError(f"Cannot write into {folder} ({error.strerror}). Choose another --out.") from error
    with file:
        if not _lock(file):
            raise LineamentError(f"Another run writes into {folder}. Wait for it, or choose another --out.")
        try:
            yield
        finally:
            # While it is held: who opened the old file meanwhile is refused, and who comes later opens a new one.
            with contextlib.suppress(OSError):  # Windows keeps open files, and then the file stays
                path.unlink()


def _lock(file) -> bool:
    """Whether the lock of an open file could be had."""
    try:
        _take(file)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # some network file systems have none
        return True
    return _is_at(file, Path(file.name))


def _take(file):
    if os.name == "nt":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(file, path) -> bool:
    """Whether an open file is still the one of its name: a run that has just ended may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
