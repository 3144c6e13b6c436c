"""A network that trains in a millisecond, for tests of everything around the network."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from vidense.data.spec import ClipSpec
from vidense.evaluation.spec import PROTOCOLS
from vidense.nets import Network
from vidense.nets.base import NETWORKS

NAME = "test_linear"
SIDE = 4


class Linear(Network):
    """Scores are a linear map of 4x4 averages of every frame; dropout makes the seed of a fit matter."""

    def __init__(self, spec: ClipSpec, classes: int, *, dropout: float = 0.1) -> None:
        super().__init__(spec, classes, embed_size=spec.frames * 3 * SIDE**2)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.embed_size, classes)

    def features(self, clips: Tensor) -> Tensor:
        return functional.adaptive_avg_pool2d(clips.flatten(0, 1), SIDE).view(len(clips), -1)

    def logits(self, features: Tensor) -> Tensor:
        return self.head(self.dropout(features))


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the network known for one test; the value is its name."""
    monkeypatch.setitem(NETWORKS._items, NAME, Linear)
    return NAME


@pytest.fixture
def linear_teacher(linear: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let soft labels of the clean protocol come from that network too."""
    clean = PROTOCOLS["clean"]
    monkeypatch.setitem(PROTOCOLS, "clean", lambda model, epochs: replace(clean(model, epochs), teacher=NAME))
    return linear


def weights(network: nn.Module) -> Tensor:
    """Return all that a network learned, as one vector."""
    return torch.cat([tensor.detach().flatten().clone() for tensor in network.state_dict().values()])
