"""What lies in the folder of a run, by name. Needs no torch."""

from vidense.tasks import TASKS

__all__ = [
    "ADDED",
    "CHECKPOINT",
    "DATASET",
    "DATASET_INDEX",
    "FAIRNESS",
    "FLOW",
    "FLOW_INDEX",
    "LOG",
    "NEAREST",
    "NEAREST_INDEX",
    "PREVIEWS",
    "PREVIEW_INDEX",
    "PROXY",
    "RECORD",
    "SNAPSHOTS",
]

RECORD, LOG, CHECKPOINT = "run.json", "log.jsonl", "checkpoint.pt"
DATASET, DATASET_INDEX, SNAPSHOTS = "dataset", "condensed.json", "snapshots"
PREVIEWS, PREVIEW_INDEX = "preview", "preview.json"
NEAREST, NEAREST_INDEX = "nearest", "nearest.json"
FLOW, FLOW_INDEX = "flow", "flow.json"
PROXY, FAIRNESS = "proxy.json", "fairness.json"
# What pictures and evaluations leave beside the result, and is gone when a run starts over; older runs kept jobs.
ADDED = (*(task.file for task in TASKS.values()), PROXY, FAIRNESS, PREVIEWS, NEAREST, FLOW, "jobs")
