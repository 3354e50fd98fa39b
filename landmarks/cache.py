"""Landmarks on disk, keyed by what was seen: content of the picture and version of the extractor.

A cache folder holds one folder per extractor version, and in it batches of
rows. A batch is written to a temporary name and then renamed, so that a kill
leaves whole batches or none; two runs at once write different names.
"""

import contextlib
import hashlib
import logging
import os
import zipfile
from pathlib import Path

import numpy as np

from data.errors import LineamentError

log = logging.getLogger(__name__)


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


class LandmarkCache:
    """Rows of landmarks by content digest, for one extractor version.

    Parameters
    ----------
    folder : path of the cache
    version : from `landmarks.detector.extractor_version`
    """

    FIELDS = ("digests", "points", "boxes", "found", "score")

    def __init__(self, folder, version: str):
        self.folder = Path(folder) / version

    def load(self) -> dict[str, np.ndarray]:
        """All cached rows: `digests` (k,), `points` (k, 68, 2), `boxes`, `found`, `score`."""
        batches = []
        for file in sorted(self.folder.glob("*.npz")):
            try:
                with np.load(file, allow_pickle=False) as batch:
                    batches.append({field: batch[field] for field in self.FIELDS})
            except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
                log.warning("Ignored a damaged cache file %s (%s); its rows are computed again.", file, error)
        if not batches:
            return {"digests": np.array([], dtype="U32")}
        return {field: np.concatenate([batch[field] for batch in batches]) for field in self.FIELDS}

    def store(self, **rows) -> None:
        """Add one batch; its name follows from its digests, so the same batch is written once."""
        name = hashlib.blake2b("".join(rows["digests"]).encode(), digest_size=12).hexdigest()
        write_atomically(self.folder / f"{name}.npz", lambda file: np.savez(file, **rows))
