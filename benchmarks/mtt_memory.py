"""Memory and time of one step of trajectory matching at MiniUCF's size: 50 clips of 16x112x112, ten inner updates.

    python -m benchmarks.mtt_memory

The reference holds the graph of all ten (88 MiB a clip and update, 43 GiB); ours computes each again on the way back.
"""

import time
from pathlib import Path

import torch

from benchmarks.provenance import provenance
from vidense.data.real import RealClips
from vidense.data.spec import ClipSpec
from vidense.engine.settings import pick_device
from vidense.hardware import peak_memory
from vidense.objectives.base import Step
from vidense.objectives.trajectory import Following, TrajectoryMatching
from vidense.parameterizations import Dense
from vidense.records import write_json
from vidense.seeding import generator
from vidense.trajectories import Untrained

__all__ = ["measure"]

FILE = Path(__file__).parent / "results" / "mtt_memory" / "miniucf-vpc1.json"
CLASSES = 50


def measure(syn_steps: int) -> dict[str, float]:
    """Return bytes held before a step and at most during it, and the seconds it took."""
    device = pick_device("auto")
    spec, names = ClipSpec(16, 112, 112), tuple(map(str, range(CLASSES)))
    # What the clips show does not matter; experts that learned nothing take as much memory as any.
    real = RealClips(spec, names, torch.arange(CLASSES), names, [], [(0, i) for i in range(CLASSES)], "none")
    noise = torch.randn(CLASSES, *spec.shape, generator=generator(0, "noise"))
    videos = Dense(noise, spec, names, torch.arange(CLASSES)).to(device)
    objective = TrajectoryMatching([Untrained("minic3d", real)], "minic3d", Following(syn_steps=syn_steps))
    objective.prepare(real)
    before, started = peak_memory(device), time.perf_counter()
    for loss in objective.losses(videos, real, Step(0, 1, 0)):
        loss.backward()  # type: ignore[no-untyped-call]
    return {"before": before, "peak": peak_memory(device), "seconds": round(time.perf_counter() - started, 1)}


if __name__ == "__main__":
    head = provenance("python -m benchmarks.mtt_memory", pick_device("auto"))
    found = {"syn_steps": 10, "clips": CLASSES, **measure(10)}
    write_json(FILE, {**head, **found})
    print(f"at most {found['peak'] / 2**30:.2f} GiB ({found['before'] / 2**30:.2f} before), {found['seconds']:.0f} s")
