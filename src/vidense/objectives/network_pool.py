"""A pool of networks of different ages that learn from the synthetic videos while these are condensed.

Source: FRePo (Zhou et al., NeurIPS 2022), section 3, and the code that VDSD (CVPR 2024) runs it with on videos.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from vidense.data.spec import LabelledClips
from vidense.nets import Network
from vidense.objectives.base import Step
from vidense.objectives.real_batches import chunk_size
from vidense.option_types import Count
from vidense.seeding import derive, seeded

__all__ = ["NetworkPool", "Turns"]

# Most videos that a network learns from at once, and its learning rate under Adam.
BATCH, RATE = 500, 1e-4


@dataclass(frozen=True)
class Turns:
    """How networks take turns.

    Attributes:
        pool: networks, of which each iteration picks one; all are kept, and saved, with their optimiser's state, which
            is three times their weights.
        lifetime: updates of a network before a fresh one takes its place.
    """

    pool: Count = 10
    lifetime: Count = 100


@dataclass
class _Member:
    """A network and what its training has come to."""

    network: Network
    age: int
    optimizer: torch.optim.Adam = field(init=False)

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.Adam(self.network.parameters(), RATE)


class NetworkPool:
    """Networks that are made when they are first picked, each from its place in the pool and the lives spent there.

    The first network of place i counts as ``i lifetime / pool`` updates old, so that not all are renewed at once. The
    reference's warm-up of the learning rate over 500 updates is left out: no network there lives to see the end of it.
    """

    def __init__(self, turns: Turns, build: Callable[[int], Network]) -> None:
        """Start with no network.

        Args:
            turns: how many networks, and how long they last.
            build: makes a network from a seed.
        """
        self.turns, self._build = turns, build
        self._lives = [0] * turns.pool
        self._members: dict[int, _Member] = {}

    def pick(self, step: Step, device: torch.device) -> Network:
        """Return the network whose turn it is in this iteration, frozen and in evaluation mode."""
        return self._member(self._place(step), step.seed, device).network.eval().requires_grad_(False)

    def train(self, step: Step, clips: LabelledClips, targets: Tensor) -> None:
        """Take one step of that network, dropout on, towards ``targets`` (float ``[N, C]``) by mean squared error."""
        place, device = self._place(step), targets.device
        member = self._member(place, step.seed, device)
        network = member.network.train().requires_grad_(True)
        chosen = torch.randperm(len(targets), generator=step.draw.generator("online"))[:BATCH].to(device)
        for part, videos in enumerate(torch.split(chosen, chunk_size(device))):
            with seeded(step.seed, *step.draw.keys, "dropout", part):
                scores = network(clips.decode(videos, step.draw))
            loss = (scores - targets[videos]).square().sum() / (len(chosen) * targets.shape[1])
            loss.backward()
        member.optimizer.step()
        # Ten networks would keep ten gradients that nobody reads again.
        member.optimizer.zero_grad(set_to_none=True)
        member.age += 1
        if member.age >= self.turns.lifetime:
            del self._members[place]
            self._lives[place] += 1

    def bytes_to_come(self) -> int:
        """Return the bytes of the networks that were not made yet, with their optimisers' states, as of those made."""
        made = [3 * member.network.bytes for member in self._members.values()]
        return (self.turns.pool - len(made)) * max(made, default=0)

    def state_dict(self) -> dict[str, Any]:
        """Return the lives spent at each place, and each network with its age and its optimiser's state."""
        members = {
            place: {"age": m.age, "network": m.network.state_dict(), "optimizer": m.optimizer.state_dict()}
            for place, m in self._members.items()
        }
        return {"lives": list(self._lives), "members": members}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state_dict` returned for a pool of the same size."""
        self._lives, self._members = list(state["lives"]), {}
        for place, kept in state["members"].items():
            network = self._build(0).place(next(iter(kept["network"].values())).device)
            network.load_state_dict(kept["network"])
            self._members[place] = _Member(network, kept["age"])
            self._members[place].optimizer.load_state_dict(kept["optimizer"])

    def _place(self, step: Step) -> int:
        return int(torch.randint(self.turns.pool, (), generator=step.draw.generator("pool")))

    def _member(self, place: int, seed: int, device: torch.device) -> _Member:
        if place not in self._members:
            life = self._lives[place]
            age = 0 if life else place * self.turns.lifetime // self.turns.pool
            self._members[place] = _Member(self._build(derive(seed, "pool", place, life)).place(device), age)
        return self._members[place]
