"""Randomness derived from names, so that no generator state ever has to be saved.

Every draw comes from ``(seed, *keys)``: step 311 of class 4 draws the same numbers whether the run was
interrupted before it, or other classes ran on another machine.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["derive", "generator", "seeded"]


def derive(seed: int, *keys: str | int) -> int:
    """Return a 63-bit seed that depends on ``seed`` and every key."""
    text = "/".join(str(key) for key in (seed, *keys))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *keys: str | int) -> torch.Generator:
    """Return a CPU generator for ``(seed, *keys)``; draw on the CPU and move, so that devices agree."""
    return torch.Generator().manual_seed(derive(seed, *keys))


@contextmanager
def seeded(seed: int, *keys: str | int) -> Iterator[None]:
    """Seed torch's global generator inside the block and restore it after.

    For code that draws from the global generator and cannot be told otherwise: layer constructors, dropout.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(derive(seed, *keys))
        yield
