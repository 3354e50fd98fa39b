"""Files that appear whole or not at all."""

import contextlib
import os
from pathlib import Path

from .errors import LineamentError


def write_atomically(path: Path, write) -> None:
    """Call `write(file)` on a temporary file beside `path`, then put it in place in one step.

    Raises
    ------
    LineamentError
        If the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            write(file)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise LineamentError(
            f"Cannot write {path} ({error.strerror or error}). Free some space or choose another folder."
        ) from error
