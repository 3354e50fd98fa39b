"""`lineament compare RUN RUN…`: one page on how runs differ from the first, and whether chance explains it."""

import argparse
import sys
from pathlib import Path

from ..data import LineamentError
from ..reports import load_runs, write_comparison


def main(arguments: list[str] | None = None) -> int:
    """Parse, compare, and print where the page is."""
    parser = argparse.ArgumentParser(prog="lineament compare", description=__doc__)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders; the others are measured from the first")
    parser.add_argument(
        "--out", type=Path, default=Path("runs") / "compare", metavar="DIR", help="folder of the page (%(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        print(f"Comparison: {write_comparison(load_runs(options.runs), options.out)}")
    except LineamentError as error:
        print(f"lineament compare: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
