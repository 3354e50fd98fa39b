"""Finished evaluations to a report that can be read, checked and repeated."""

from reports.compare import load_runs
from reports.run import Failure, Run
from reports.store import load_run
from reports.tables import tables_of
from reports.write import keep_run, rewrite_report, write_comparison, write_report

__all__ = ["Failure", "Run", "keep_run", "load_run", "load_runs", "rewrite_report", "tables_of", "write_comparison", "write_report"]
