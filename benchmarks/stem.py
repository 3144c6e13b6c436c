"""Time of the first convolution, folded as ``vidense.nets.stem`` does it and as it is: 8 clips of 8x64x64, one thread.

    python -m benchmarks.stem

Medians of processor time, the two taken in turn: another process that uses the matrix unit of the core slows both.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.provenance import provenance
from vidense.nets.stem import PADDING, STRIDE, Stem
from vidense.records import write_json
from vidense.seeding import generator, seeded

__all__ = ["measure"]

FILE = Path(__file__).parent / "results" / "stem" / "8x64.json"
ROUNDS = 25
# By name: the number type, and what gets a gradient.
PASSES = {
    "real clips of condensation": (torch.bfloat16, ""),
    "training": (torch.bfloat16, "weights"),
    "synthetic clips of condensation": (torch.float32, "clips"),
}


def measure(dtype: torch.dtype, gradient: str) -> dict[str, float]:
    """Return the milliseconds of a pass, forward and back to the ``clips``, the ``weights`` or nothing."""
    with seeded(0, "stem"):
        layer = Stem(64)
    layer.to(dtype).requires_grad_(gradient == "weights")
    layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last_3d)
    clips = torch.randn(8, 8, 3, 64, 64, generator=generator(0, "clips")).to(dtype).transpose(1, 2)
    clips.requires_grad_(gradient == "clips")

    def plain(values: Tensor) -> Tensor:
        return F.conv3d(values, layer.weight, layer.bias, STRIDE, PADDING)

    spent: dict[str, list[float]] = {"folded": [], "plain": []}
    for _ in range(ROUNDS):
        for name, function in (("folded", layer), ("plain", plain)):
            spent[name].append(_seconds(function, clips, layer.weight if gradient == "weights" else clips))
    return {name: round(1000 * median(of), 1) for name, of in spent.items()}


def _seconds(function: Callable[[Tensor], Tensor], clips: Tensor, wanted: Tensor) -> float:
    started = time.process_time()
    made = function(clips)
    if made.requires_grad:
        torch.autograd.grad(made, wanted, torch.ones_like(made))
    return time.process_time() - started


if __name__ == "__main__":
    torch.set_num_threads(1)
    head = provenance("python -m benchmarks.stem", torch.device("cpu"))
    found = {name: measure(*settings) for name, settings in PASSES.items()}
    write_json(FILE, {**head, "rounds": ROUNDS, "milliseconds": found})
    for name, of in found.items():
        print(f"{name}: folded {of['folded']} ms, plain {of['plain']} ms")
