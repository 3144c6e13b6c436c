"""The page of a run. Reads files only and needs no torch."""

from vidense.report.page import write_page
from vidense.report.papers import write_for_papers
from vidense.report.runs import has_previews, read_runs

__all__ = ["has_previews", "read_runs", "write_for_papers", "write_page"]
