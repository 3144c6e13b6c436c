"""Learn some classes, then others, with a condensed set as the memory of the first: how much is forgotten?

python examples/continual_memory.py [FOLDER] [--quick] [--out DIR]
"""

import copy
from typing import Any

import torch
from torch.nn.functional import cross_entropy

import vidense
from given import arguments, prepared
from vidense.data.derive import write_classes
from vidense.data.real import RealClips
from vidense.data.spec import LabelledClips
from vidense.nets import Network, build_network
from vidense.seeding import generator
from vidense.training import accuracy
from vidense.training_recipe import TrainingRecipe


def learn(network: Network, new: RealClips, memory: LabelledClips | None, steps: int) -> None:
    """Train on batches of 8 real clips of the new classes, beside which stand 8 of the memory if there is one."""
    optimizer, draw = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9), generator(0, "batches")
    sources = [new] if memory is None else [new, memory]
    for _ in range(steps):
        drawn = [(clips, torch.randint(len(clips.labels), (8,), generator=draw)) for clips in sources]
        scores = network(torch.cat([clips.decode(index) for clips, index in drawn]))
        optimizer.zero_grad()
        cross_entropy(scores, torch.cat([clips.labels[index] for clips, index in drawn])).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()


def of_classes(real: RealClips, labels: list[int]) -> RealClips:
    """Return the videos of some classes, numbered as before."""
    return real.subset(torch.isin(real.labels, torch.tensor(labels)).nonzero().flatten())


def main() -> None:
    """Learn the first half of the classes, then the second with three kinds of memory."""
    given = arguments(__doc__)
    store = vidense.ClipStore.open(prepared(given))
    vpc, iterations, steps = (1, 3, 3) if given.quick else (5, 75, 100)
    labels = list(range(len(store.class_names)))
    first, second = labels[: len(labels) // 2], labels[len(labels) // 2 :]

    # The memory is made while the first classes are at hand; in a store of them their numbers 0, 1, ... are the same.
    early = write_classes(store, first, given.out / "first")
    # dm starts from real clips. When tried once, prism, which starts from noise, remembered nothing beside real clips.
    learned: dict[str, Any] = {"method": "dm", "iterations": iterations, "options": {"lr": 30.0, "batch_real": 4}}
    memories: dict[str, vidense.CondensedDataset | None] = {
        "no memory": None,
        "random real clips": vidense.condense(early.path, given.out / "random", vpc=vpc, method="random"),
        "condensed clips": vidense.condense(early.path, given.out / "dm", vpc=vpc, **learned),
    }

    before = build_network("minic3d", store.spec, len(labels), seed=0)
    learn(before, of_classes(store.train, first), None, steps)
    tests = [of_classes(store.test, half) for half in (first, second)]
    known = accuracy(before, tests[:1], TrainingRecipe())
    print(f"first classes, before the second are learned: {known:.1%} right")
    for name, memory in memories.items():
        network = copy.deepcopy(before).train()
        learn(network, of_classes(store.train, second), memory, steps)
        old, new = (accuracy(network, [test], TrainingRecipe()) for test in tests)
        size = "" if memory is None else f" ({memory.storage.bytes:,} bytes)"
        print(f"{name}{size}: {100 * (known - old):.1f} points forgotten; first {old:.1%}, second {new:.1%} right")
    print("One network each, one seed: small differences mean nothing.")


if __name__ == "__main__":
    main()
