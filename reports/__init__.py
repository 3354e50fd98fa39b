"""Finished evaluations to a report that can be read, checked and repeated."""

from reports.run import Run
from reports.write import write_report

__all__ = ["Run", "write_report"]
