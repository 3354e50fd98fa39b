"""Finished evaluations to a report that can be read, checked and repeated."""

from .compare import load_runs
from .run import Failure, Run
from .store import load_run
from .tables import tables_of
from .write import keep_run, rewrite_report, write_comparison, write_report

__all__ = ["Failure", "Run", "keep_run", "load_run", "load_runs", "rewrite_report", "tables_of", "write_comparison", "write_report"]
