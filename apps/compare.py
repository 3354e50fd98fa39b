"""`lineament compare RUN RUN…`: one page on how runs differ from the first, and whether chance explains it."""

from pathlib import Path

from .command import Command


def add_arguments(parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders; the others are measured from the first")
    parser.add_argument(
        "--out", type=Path, default=Path("runs") / "compare", metavar="DIR",
        help="folder of the page (default: %(default)s)",
    )  # fmt: skip


def call(options) -> None:
    """Compare, and print where the page is."""
    from ..reports import load_runs, write_comparison

    print(f"Comparison: {write_comparison(load_runs(options.runs), options.out)}")


COMMAND = Command(
    "compare", "One page on how runs differ from the first, and whether chance explains it.", add_arguments, call
)
