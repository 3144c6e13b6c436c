"""How far a run is, from what it writes. Reads files only and needs no torch."""

from vidense.monitor.events import EventFile
from vidense.monitor.rows import Row, describe, summary
from vidense.monitor.state import Reading, RunState

__all__ = ["EventFile", "Reading", "Row", "RunState", "describe", "summary"]
