"""Randomness derived from names, so that no generator state ever has to be saved.

Every draw comes from ``(seed, *keys)``: step 311 of a class draws the same numbers whether or not the run was
interrupted before it, and whatever other classes draw.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

__all__ = ["Draw", "derive", "generator", "seeded"]


def derive(seed: int, *keys: str | int) -> int:
    """Return a 63-bit seed that depends on ``seed`` and every key."""
    text = json.dumps([seed, *keys])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *keys: str | int) -> torch.Generator:
    """Return a CPU generator for ``(seed, *keys)``; draw on the CPU and move, so that devices agree."""
    return torch.Generator().manual_seed(derive(seed, *keys))


@dataclass(frozen=True)
class Draw:
    """A named place that randomness may come from: one iteration of a run, one update of a training.

    Attributes:
        seed: of the run.
        keys: the place's name.
    """

    seed: int
    keys: tuple[str | int, ...] = ()

    def generator(self, *keys: str | int) -> torch.Generator:
        """Return a CPU generator that depends on this place and ``keys`` alone."""
        return generator(self.seed, *self.keys, *keys)

    def derive(self, *keys: str | int) -> int:
        """Return a seed that depends on this place and ``keys`` alone."""
        return derive(self.seed, *self.keys, *keys)


@contextmanager
def seeded(seed: int, *keys: str | int) -> Iterator[None]:
    """Seed torch's global generator inside the block and restore it after.

    For code that draws from the global generator and cannot be told otherwise: layer constructors, dropout.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(derive(seed, *keys))
        yield
