"""What a loop must remember between two iterations: tensors, numbers and strings in dicts and lists."""

from typing import Any

import torch
from torch import Tensor

__all__ = ["moved", "size_of"]


def moved(state: Any, device: torch.device) -> Any:
    """Return a state with its tensors on ``device``; those that are there already are shared, not copied."""
    if isinstance(state, Tensor):
        return state.to(device)
    if isinstance(state, dict):
        return {name: moved(part, device) for name, part in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(moved(part, device) for part in state)
    return state


def size_of(state: Any) -> int:
    """Return the bytes of a state's tensors."""
    if isinstance(state, Tensor):
        return state.nbytes
    if isinstance(state, dict):
        return sum(map(size_of, state.values()))
    if isinstance(state, (list, tuple)):
        return sum(map(size_of, state))
    return 0
