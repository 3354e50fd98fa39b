"""Finished evaluations to a report that can be read, checked and repeated."""

from reports.run import Run
from reports.store import load_run
from reports.tables import tables_of
from reports.write import rewrite_report, write_report

__all__ = ["Run", "load_run", "rewrite_report", "tables_of", "write_report"]
