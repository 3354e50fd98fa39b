"""`lineament cache info|clear`: what the landmark cache holds, and how to be rid of it."""

import argparse
import sys
from pathlib import Path

from ..data import LineamentError, data_home
from ..landmarks.cache import cache_entries, clear_cache


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="lineament cache", description=__doc__, exit_on_error=False)
    parser.add_argument("action", choices=["info", "clear"])
    parser.add_argument("--cache", type=Path, metavar="DIR", default=data_home() / "landmarks")
    try:
        options = parser.parse_args(arguments)
        print(_info(options.cache) if options.action == "info" else _clear(options.cache))
    except (LineamentError, argparse.ArgumentError) as error:
        print(f"lineament cache: {error}", file=sys.stderr)
        return 2
    return 0


def _info(folder) -> str:
    entries = cache_entries(folder)
    lines = [f"{folder}: " + ("landmarks of" if entries else "empty")]
    for entry in entries:
        lines.append(f"  {entry.version}  {entry.n_pictures:,} pictures  {entry.n_bytes / 2**20:,.1f} MiB")
    return "\n".join(lines)


def _clear(folder) -> str:
    return f"{folder}: {clear_cache(folder) / 2**20:,.1f} MiB freed"
