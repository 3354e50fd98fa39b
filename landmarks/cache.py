"""Landmarks on disk, keyed by what was seen: content of the picture and version of the extractor.

A cache folder holds one folder per extractor version, and in it batches of
rows. A batch is written to a temporary name and then renamed, so that a kill
leaves whole batches or none; two runs at once write different names.
"""

import contextlib
import hashlib
import logging
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.errors import LineamentError
from ..data.files import write_atomically

log = logging.getLogger(__name__)

UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)  # what np.load raises


class LandmarkCache:
    """Rows of landmarks by content digest, for one extractor version.

    Parameters
    ----------
    folder : path of the cache
    version : from `landmarks.find.extractor_version`
    """

    FIELDS = ("digests", "points", "boxes", "found", "score", "sharpness", "seconds")

    def __init__(self, folder, version: str):
        self.folder = Path(folder) / version

    def load(self) -> dict[str, np.ndarray]:
        """All cached rows: `digests` (k,), `points` (k, 68, 2), `boxes`, `found`, `score`, `sharpness`,
        `seconds`.
        """
        batches = []
        for file in sorted(self.folder.glob("*.npz")):
            try:
                with np.load(file, allow_pickle=False) as batch:
                    batches.append({field: batch[field] for field in self.FIELDS})
            except UNREADABLE as error:
                log.warning("Ignored a damaged cache file %s (%s); its rows are computed again.", file, error)
        if not batches:
            return {"digests": np.array([], dtype="U32")}
        return {field: np.concatenate([batch[field] for batch in batches]) for field in self.FIELDS}

    def store(self, **rows) -> None:
        """Add one batch; its name follows from its digests, so the same batch is written once."""
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
    return [_entry(version) for version in _versions(folder)]


def clear_cache(folder) -> int:
    """Delete every cached batch and return the bytes that this frees; other files in the folder stay.

    Raises
    ------
    LineamentError
        If a file cannot be deleted.
    """
    freed = 0
    for version in _versions(folder):
        for file in [*version.glob("*.npz"), *version.glob(".*.npz.*.tmp")]:
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
    return sorted({file.parent for file in Path(folder).glob("*-*/*.npz")})


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
        with np.load(file, allow_pickle=False) as batch:
            return len(batch["digests"])
    except UNREADABLE:
        return 0
