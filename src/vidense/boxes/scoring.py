"""A teacher: says what a clip shows, and how sure it is."""

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from vidense.errors import DivergenceError
from vidense.nets import Network

__all__ = ["Scorer"]


@dataclass(frozen=True)
class Scorer:
    """A trained network, in eval mode.

    Attributes:
        network: takes clips of its own size and normalisation, ``network.spec``.
        knows_classes: whether its scores are for the dataset's classes, in their order.
    """

    network: Network
    knows_classes: bool

    @property
    def fingerprint(self) -> str:
        """Hash of the weights."""
        found = hashlib.sha256()
        for name, tensor in self.network.state_dict().items():
            found.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
        return found.hexdigest()

    @torch.no_grad()
    def log_probabilities(self, clips: Tensor) -> Tensor:
        """Return what the network makes of uint8 clips ``[n, T, 3, h, w]`` of any size, float32 ``[n, classes]``.

        Raises:
            DivergenceError: if a number is not finite: the network's training diverged, or its file is no good.
        """
        spec, device = self.network.spec, next(self.network.parameters()).device
        frames = clips.to(device).flatten(0, 1).float()
        frames = F.interpolate(frames, (spec.height, spec.width), mode="bilinear", antialias=True)
        scores = self.network(spec.normalise(frames.view(*clips.shape[:2], *frames.shape[1:])))
        found = F.log_softmax(scores.float(), 1).cpu()
        if not found.isfinite().all():
            raise DivergenceError("the teacher's scores are not finite; train it again, or give other weights")
        return found

    def score(self, clips: Tensor, label: int, rule: str) -> list[float]:
        """Return the log-probability of each clip, uint8 ``[n, T, 3, h, w]``.

        Args:
            clips: at least one.
            label: their class in the dataset.
            rule: ``label`` takes its probability, the negative loss of OptDistill's section 4.3; ``highest`` that of
                the likeliest class, whatever it is, as its section 5.1 and code do.
        """
        found = self.log_probabilities(clips)
        scores: list[float] = (found[:, label] if rule == "label" else found.amax(1)).tolist()
        return scores
