"""Landmarks, and what else was taken of pictures, on disk: keyed by the content of the picture and what took it.

A cache folder holds one folder per version of an extractor, and in it batches of
rows. A batch is written to a temporary name and then renamed, so that a kill
leaves whole batches or none; two runs at once write different names. A batch
is believed when the checksum of each of its columns holds, and its kinds and
shapes are those of a batch; any other is set aside and its rows are found anew.
"""

import contextlib
import hashlib
import io
import logging
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.errors import LineamentError
from ..data.files import write_atomically
from .layout import N_POINTS

log = logging.getLogger(__name__)

Fields = Mapping[str, tuple[str, tuple[int, ...]]]  # column: (kinds of its numbers, shape of a row)
DAMAGED = ".damaged"  # after the name of a batch that was set aside


DIGESTS = {"digests": ("U", ())}
LANDMARKS: Fields = {
    "points": ("f", (N_POINTS, 2)),
    "boxes": ("if", (4,)),
    "found": ("b", ()),
    "score": ("f", ()),
    "sharpness": ("f", ()),
    "seconds": ("f", ()),
}


class RowCache:
    """Rows by content digest, for one version of what made them.

    Parameters
    ----------
    folder : path of the cache
    version : a name and a number or hash, such as `landmarks.find.extractor_version` gives
    fields : the columns besides `digests` (k,)
    """

    def __init__(self, folder, version: str, fields: Fields = LANDMARKS):
        self.folder = Path(folder) / version
        self.fields = DIGESTS | dict(fields)

    def load(self) -> dict[str, np.ndarray]:
        """All cached rows, by column; where there are none, only `digests` (0,)."""
        batches, damaged = [], []
        for file in sorted(self.folder.glob("*.npz")):
            try:
                batches.append(_columns(file, self.fields))
            except FileNotFoundError:
                continue  # another run has set it aside, or clears the cache
            except Exception as error:  # damaged bytes raise any type
                damaged.append(f"{file.name}: {_reason(error)}")
                _set_aside(file, error)
        if damaged:
            log.warning(
                "Ignored %d damaged or unreadable files of the landmark cache %s; their rows are computed again (%s).",
                len(damaged), self.folder, damaged[0],
            )  # fmt: skip
        if not batches:
            return {"digests": np.array([], dtype="U32")}
        return {field: np.concatenate([batch[field] for batch in batches]) for field in self.fields}

    def store(self, **rows) -> None:
        """Add one batch, unless it is empty; its name follows from its digests, so the same one is written once."""
        if not len(rows["digests"]):
            return
        name = hashlib.blake2b("".join(rows["digests"]).encode(), digest_size=12).hexdigest()
        write_atomically(self.folder / f"{name}.npz", lambda file: np.savez(file, **rows))


@dataclass(frozen=True)
class CacheEntry:
    """What the cache holds of one extractor version: its name, files, pictures and bytes."""

    version: str
    n_files: int
    n_pictures: int
    n_bytes: int


def cache_entries(folder) -> list[CacheEntry]:
    """One entry an extractor version, sorted by name; empty where there is no cache."""
    return [entry for version in _versions(folder) if (entry := _entry(version)).n_files]


def clear_cache(folder) -> int:
    """Delete every cached batch and return the bytes that this frees; other files in the folder stay.

    Raises
    ------
    LineamentError
        If a file cannot be deleted.
    """
    freed = 0
    for version in _versions(folder):
        for file in [*version.glob("*.npz"), *version.glob(f"*.npz{DAMAGED}"), *version.glob(".*.npz.*.tmp")]:
            try:
                freed += file.stat().st_size
                file.unlink()
            except FileNotFoundError:
                continue  # another run clears it too
            except OSError as error:
                raise LineamentError(f"Cannot delete {file} ({error.strerror}).") from error
        with contextlib.suppress(OSError):  # something else lies there
            version.rmdir()
    return freed


def _versions(folder) -> list[Path]:
    return sorted({file.parent for file in Path(folder).glob("*-*/*.npz*")})


def _entry(version) -> CacheEntry:
    files = list(version.glob("*.npz"))
    return CacheEntry(
        version=version.name,
        n_files=len(files),
        n_pictures=sum(_n_rows(file) for file in files),
        n_bytes=sum(file.stat().st_size for file in files),
    )


def _n_rows(file) -> int:
    try:
        return len(_columns(file, DIGESTS)["digests"])
    except Exception:
        return 0


def _columns(file, fields) -> dict[str, np.ndarray]:
    """Columns of a batch, each of as many rows as the others; whatever is raised says that the file is no batch."""
    with zipfile.ZipFile(file) as archive:
        columns = {name: _column(archive, name, *wanted) for name, wanted in fields.items()}
    if len({len(column) for column in columns.values()}) > 1:
        raise ValueError("columns of unequal length")
    return columns


def _column(archive, name, kinds, shape) -> np.ndarray:
    """One column, checked before NumPy reads it.

    The archive keeps a CRC-32 of every member. NumPy alone would check it only where the header, which may be what
    is damaged, asks for the last byte; and would take the memory that the header asks for.
    """
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    content = io.BytesIO(archive.read(member))
    column = np.lib.format.read_array(content, allow_pickle=False)
    if content.read(1) or column.dtype.kind not in kinds or column.shape != (len(column), *shape):
        raise ValueError(f"{name} is {column.dtype} of shape {column.shape}")
    return column


def _reason(error) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _set_aside(file, error) -> None:
    """Rename a damaged batch, so that it is told once; what only this user or this moment cannot read stays."""
    if not isinstance(error, OSError | MemoryError):
        with contextlib.suppress(OSError):
            os.replace(file, file.with_name(file.name + DAMAGED))
