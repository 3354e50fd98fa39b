"""`lineament report RUN`: the report of a run folder again, without pictures, models or training."""

import argparse
import sys
from pathlib import Path

from ..data import LineamentError
from ..reports import rewrite_report


def main(arguments: list[str] | None = None) -> int:
    """Parse, render, and print where the report is."""
    parser = argparse.ArgumentParser(prog="lineament report", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder that run_pipeline.py --out has written")
    try:
        print(f"Report: {rewrite_report(parser.parse_args(arguments).run)}")
    except LineamentError as error:
        print(f"lineament report: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
