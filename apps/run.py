"""`lineament run …`: the whole pipeline, and the ranking of the models at its end."""

import sys
from pathlib import Path

from .command import Command
from .options import EPILOG, add_options, resolved


def call(options) -> None:
    """Run, and print the ranking and where the report is."""
    chosen = resolved(vars(options))
    from .. import run_pipeline

    start = run_pipeline.run_matrix if chosen.source.train else run_pipeline.run
    finished = start(chosen, command=options.command_line)
    page, rows = (finished, []) if isinstance(finished, Path) else (finished.page, finished.rows)
    if rows:
        from .ranking import print_ranking

        print_ranking(rows, sys.stdout)
    print(f"Report: {page}")


def kept(options) -> str:
    return "Landmarks found and searches finished so far are kept; run again to go on."


COMMAND = Command(
    "run", "Faces to landmarks, measurements, classifiers and an honest report.", add_options, call, kept, EPILOG
)
