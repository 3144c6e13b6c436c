"""The page of a run. Reads files only and needs no torch."""

from vidense.report.page import write_page
from vidense.report.runs import has_previews, read_runs

__all__ = ["has_previews", "read_runs", "write_page"]
