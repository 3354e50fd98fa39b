"""`lineament report RUN`: the report of a run folder again, without pictures, models or training."""

from pathlib import Path

from .command import Command


def add_arguments(parser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="folder that lineament run --out has written")


def call(options) -> None:
    """Render, and print where the report is."""
    import joblib

    from ..reports import rewrite_report

    print(f"Report: {rewrite_report(options.run, n_jobs=joblib.cpu_count())}")


COMMAND = Command(
    "report", "The report of a run folder again, without pictures, models or training.", add_arguments, call
)
