"""`lineament cache info|clear`: what the landmark cache holds, and how to be rid of it."""

from pathlib import Path

from ..data.sources import data_home
from .command import Command


def add_arguments(parser) -> None:
    parser.add_argument("action", choices=tuple(DO), help="list what it holds, or delete it")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", default=data_home() / "landmarks",
        help="folder of cached landmarks (default: %(default)s)",
    )  # fmt: skip


def call(options) -> None:
    print(DO[options.action](options.cache))


def _info(folder) -> str:
    from ..landmarks.cache import cache_entries

    entries = cache_entries(folder)
    lines = [f"{folder}: " + ("landmarks of" if entries else "empty")]
    for entry in entries:
        lines.append(f"  {entry.version}  {entry.n_pictures:,} pictures  {entry.n_bytes / 2**20:,.1f} MiB")
    return "\n".join(lines)


def _clear(folder) -> str:
    from ..landmarks.cache import clear_cache

    return f"{folder}: {clear_cache(folder) / 2**20:,.1f} MiB freed"


DO = {"info": _info, "clear": _clear}
COMMAND = Command("cache", "What the landmark cache holds, and how to be rid of it.", add_arguments, call)
