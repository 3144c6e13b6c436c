"""What a number was measured on, and how much memory this process took."""

import os
import platform
import sys
from typing import Any

import torch

__all__ = ["describe", "devices", "forget_peak", "peak_memory", "processors"]


def describe(device: torch.device) -> dict[str, Any]:
    """Return processor or GPU, threads, and versions, as JSON types; no host name, no path."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _cpu_name()
    return {
        "device": name,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.system(),
    }


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def devices() -> list[str]:
    """Return every device that torch can compute on here, with its name."""
    cards = [f"cuda:{index} ({torch.cuda.get_device_name(index)})" for index in range(torch.cuda.device_count())]
    return [f"cpu ({_cpu_name()})", *cards]


def peak_memory(device: torch.device) -> int:
    """Return the most bytes held so far: on the GPU by tensors since :func:`forget_peak`, else by this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    # Linux counts kibibytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    # Not every system has it.
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def forget_peak(device: torch.device) -> None:
    """Let :func:`peak_memory` count from now on, on a GPU; the most that a process held cannot be reset."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - a virtual file, read once
            return next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "CPU")
    except OSError:
        return platform.processor() or "CPU"
