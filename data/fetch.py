"""Downloads that resume, are checked, and leave nothing half done behind under their final name.

Pooch checks and moves into place; the transfer is our own, since pooch's begins again where a connection broke.
"""

import logging
import os
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from .archive import ARCHIVE_ERRORS
from .errors import LineamentError, check_choice
from .sources import DATASETS, READERS, data_home

log = logging.getLogger(__name__)

CHUNK_BYTES = 2**18
TIMEOUT_S = 60.0
RETRIES = 4  # times that a broken transfer is taken up again
RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True)
class Download:
    """Where a dataset lies that its owners hand out without an account; `sha256` is "" where none is published."""

    url: str
    file: str
    sha256: str = ""


# Kaggle hands out public datasets at this address without an account, as its pages' own curl command does.
# Neither place publishes a checksum: what comes is checked by its length, and a zip by its own checksums.
DOWNLOADS = {
    "fer2013": Download("https://www.kaggle.com/api/v1/datasets/download/msambare/fer2013", "fer2013.zip"),
    "imdb": Download("https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/static/imdb_crop.tar", "imdb_crop.tar"),
}


def fetch(
    name: str,
    *,
    accept_licence: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
    url: str | None = None,
    sha256: str | None = None,
) -> Path:
    """Download a dataset into `data_home()` once, and return the path for `--data`.

    Parameters
    ----------
    name : key of `DATASETS`
    accept_licence : bool
        The user has read `DATASETS[name].licence` and agrees.
    progress : function of (bytes so far, bytes in all or None)
    url, sha256 : str
        Another place that holds the same archive, and its checksum.

    Raises
    ------
    LineamentError
        If the licence is not accepted, if the dataset is to be asked for at its
        owners (the message says where), or if the transfer fails.
    """
    check_choice("dataset", name, READERS)
    source = DATASETS[name]
    if name not in DOWNLOADS and url is None:
        where = f": see {source.url}" if source.url else ""
        raise LineamentError(
            f"{source.title} cannot be downloaded without its owners' consent ({source.licence}). "
            f"To get it: {source.obtain}{where}. Then give its folder or archive with --data."
        )
    if not accept_licence:
        raise LineamentError(
            f"{source.title} comes under this licence: {source.licence} ({source.url}). "
            "Agree to it with --accept-licence."
        )
    known = DOWNLOADS.get(name, Download("", f"{name}.zip"))
    return download(
        url or known.url, data_home() / "datasets" / known.file, sha256=sha256 or known.sha256, progress=progress
    )


def download(
    url: str,
    path: Path,
    *,
    sha256: str = "",
    progress: Callable[[int, int | None], None] | None = None,
) -> Path:
    """Download `url` to `path`; a transfer that broke off goes on where it stopped.

    What has come so far lies in `path` with `.part` added. Under its own name
    the file appears whole: of the length that the server told, with the
    checksum, and readable where it is a zip.

    Raises
    ------
    LineamentError
        If the server cannot be reached, the disk is full, or the content is wrong; a wrong file is removed.
    """
    import pooch  # late: it takes requests with it

    path, part = Path(path), Path(f"{path}.part")
    pooch.get_logger().setLevel(logging.WARNING)  # else it tells how to be called

    def bring(url, file, _):
        """Pooch's own downloader begins a broken transfer from its start; this one goes on."""
        try:
            _transfer(url, part, progress)
        except ValueError as error:  # of an address that is none; pooch's own says that a checksum is another
            raise OSError(error) from error
        if not sha256 and path.suffix == ".zip":
            _check_zip(part, url)
        os.replace(part, file)

    known_hash = f"sha256:{sha256.lower()}" if sha256 else None
    try:
        return Path(pooch.retrieve(url, known_hash, fname=path.name, path=path.parent, downloader=bring))
    except ValueError as error:
        raise LineamentError(f"{url} has another checksum than {sha256}. It was removed: download it again.") from error
    except OSError as error:  # URLError and timeouts are OSErrors too
        raise LineamentError(
            f"{url} cannot be downloaded: {getattr(error, 'reason', None) or error}. "
            f"What has come is kept in {part}; run it again to go on."
        ) from error


def _transfer(url, part, progress):
    """Bring the whole of `url` into `part`, taking it up again where the connection breaks."""
    for attempt in range(RETRIES + 1):
        before = _size(part)
        try:
            if _transfer_once(url, part, progress):
                return
        except (HTTPException, ConnectionError, TimeoutError) as error:
            log.info("%s broke off: %s", url, error)
            reason = error
        else:
            reason = "the server closed the connection early"
        if _size(part) == before and attempt:  # no progress twice
            break
    raise OSError(f"it breaks off after {_size(part)} bytes ({reason})")


def _transfer_once(url, part, progress) -> bool:
    """True when all has come."""
    done = _size(part)
    headers = {"User-Agent": "lineament"} | ({"Range": f"bytes={done}-"} if done else {})
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S) as answer:
            resumed = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {done}-")
            done = done if resumed else 0  # a server without ranges begins again
            length = answer.headers.get("Content-Length")
            total = done + int(length) if length and length.isdigit() else None
            with part.open("ab" if resumed else "wb") as file:
                while chunk := answer.read(CHUNK_BYTES):
                    file.write(chunk)
                    done += len(chunk)
                    if progress is not None:
                        progress(done, total)
    except urllib.error.HTTPError as error:
        if error.code == RANGE_NOT_SATISFIABLE and done:
            return _is_whole(error, part)
        raise
    return total is None or done >= total


def _is_whole(error, part) -> bool:
    """True if the server has no more than what is here; else what is here belongs to another file and goes."""
    if error.headers.get("Content-Range", "") == f"bytes */{_size(part)}":
        return True
    part.unlink()
    return False


def _check_zip(part, url):
    if problem := _zip_problem(part):
        part.unlink()
        raise LineamentError(f"What {url} gave is no good zip archive: {problem}. It was removed: download it again.")


def _zip_problem(path) -> str:
    """Why a zip is not to be trusted, by the checksum that it holds of each member; "" if all agree."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except ARCHIVE_ERRORS:
        return "perhaps a page that asks to log in"
    return f"{damaged} is damaged" if damaged else ""


def _size(path) -> int:
    return path.stat().st_size if path.exists() else 0
