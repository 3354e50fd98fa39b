"""`lineament run …`: the whole pipeline, and the ranking of the models at its end."""

import sys

from .command import Command
from .options import EPILOG, add_options, resolved


def call(options) -> None:
    """Run, and print the ranking and where the report is."""
    chosen = resolved(vars(options))
    if chosen.source.train:
        from .matrix import run_matrix as start
    else:
        from ..run_pipeline import run as start
    finished = start(chosen, command=options.command_line)
    if finished.rows:
        from .ranking import print_ranking

        print_ranking(finished.rows, sys.stdout)
    print(f"Report: {finished.page}")


def kept(options) -> str:
    return "Landmarks found and searches finished so far are kept; run again to go on."


COMMAND = Command(
    "run", "Faces to landmarks, measurements, classifiers and an honest report.", add_options, call, kept, EPILOG
)
