"""What every result says of how it came about."""

import subprocess
import time
from pathlib import Path
from typing import Any

import torch

from vidense import __version__
from vidense.hardware import describe

__all__ = ["provenance"]


def provenance(command: str, device: torch.device) -> dict[str, Any]:
    """Return command, commit, version, date and hardware; to be asked before measuring, for a tree may move on."""
    return {
        "command": command,
        "commit": _commit(),
        "vidense": __version__,
        "date": time.strftime("%Y-%m-%d"),
        "hardware": describe(device),
    }


def _commit() -> str:
    """Return the commit the numbers were measured at, marked where the package or a benchmark differed from it."""
    here = Path(__file__).parent
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
    changed = subprocess.run(
        ["git", "diff", "--quiet", "HEAD", "--", "../src", "*.py"], cwd=here, capture_output=True, check=False
    )
    return (revision.stdout.strip() or "unknown") + ("-dirty" if changed.returncode else "")
