"""Finished evaluations to a report that can be read, checked and repeated."""

from .comparison import load_runs
from .comparison_page import write_comparison
from .run import Failure, Run
from .section import Section
from .store import load_run
from .write import keep_run, ranking_rows, rewrite_report, tables_of, write_report

__all__ = [
    "Failure",
    "Run",
    "Section",
    "keep_run",
    "load_run",
    "load_runs",
    "ranking_rows",
    "rewrite_report",
    "tables_of",
    "write_comparison",
    "write_report",
]
