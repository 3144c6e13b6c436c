"""The pixels of a split: in the files of its store, and copied once to each device that asks for them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

__all__ = ["Shards"]

CPU = torch.device("cpu")


class Shards:
    """Arrays of uint8 clips ``[n, windows, T, 3, H, W]``; views of one split share them, and their copies."""

    def __init__(self, arrays: Sequence[Any]) -> None:
        """Wrap arrays, or tensors on the CPU; memory maps stay such."""
        self._at: dict[torch.device, list[Any]] = {CPU: list(arrays)}

    def at(self, device: torch.device) -> list[Any]:
        """Return the arrays as they are for the CPU, as tensors for another device: copied there the first time."""
        # "cuda" is a device by another name.
        device = torch.empty(0, device=device).device
        if device not in self._at:
            self._at[device] = [torch.as_tensor(np.asarray(shard)).to(device) for shard in self._at[CPU]]
        return self._at[device]

    def single_frames(self) -> "Shards":
        """Return the same numbers as shards ``[n, windows T, 1, 3, H, W]``."""
        view = Shards([])
        view._at = {device: [_frames(shard) for shard in shards] for device, shards in self._at.items()}
        return view


def _frames(shard: Any) -> Any:
    count, windows, frames, *picture = shard.shape
    return shard.reshape(count, windows * frames, 1, *picture)
