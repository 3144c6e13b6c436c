"""Gradient-guided frame insertion (PRISM sections 3.2-3.3, DFS section 4)."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from vidense.errors import UserError
from vidense.hooks.base import Hook
from vidense.objectives.base import Step
from vidense.parameterizations.base import Parameterization
from vidense.parameterizations.key_frames import KeyFrames, evenly_spaced, neighbours

__all__ = ["FrameInsertion", "InsertionRule", "neighbour_cosines"]

HISTOGRAM_BINS = 20


@dataclass(frozen=True)
class InsertionRule:
    """When and where frames become key-frames; the defaults are PRISM's.

    Attributes:
        criterion: ``cosine`` inserts where the cosine with both neighbouring key-frames is below ``epsilon``; ``l2``
            where the distance of the unit gradients to both is above ``l2_threshold``; ``none`` never inserts.
        epsilon: cosine threshold in [-1, 1] (larger than 1 inserts everything).
        l2_threshold: distance threshold in [0, 2]; 0.141 is a tenth of the distance at 90 degrees.
        position: ``triggered`` inserts the frames that met the criterion; ``random`` inserts as many frames of the same
            video at random non-key positions.
        most_negative_only: insert at most one frame a video and iteration, the one with the lowest cosine (DFS).
        gradient: of a key-frame, ``partial`` takes the gradient at its own time step only, ``total`` that of its
            parameter, which also carries the interpolated frames' share.
        insert_from: ``interpolation`` starts a new key-frame on the line, which changes no clip; ``noise`` at its
            placeholder's noise.
        warm_up: share of the run before insertion may begin.
        cool_down: share of the run after insertion has ended.
        max_keys: most key-frames of one video; None for no limit.
    """

    criterion: Literal["cosine", "l2", "none"] = "cosine"
    epsilon: float = 0.0
    l2_threshold: float = 0.141
    position: Literal["triggered", "random"] = "triggered"
    most_negative_only: bool = False
    gradient: Literal["partial", "total"] = "partial"
    insert_from: Literal["interpolation", "noise"] = "interpolation"
    warm_up: float = 0.2
    cool_down: float = 0.2
    max_keys: int | None = None

    def __post_init__(self) -> None:
        if min(self.warm_up, self.cool_down) < 0 or self.warm_up + self.cool_down > 1:
            raise UserError(
                f"warm_up={self.warm_up} and cool_down={self.cool_down} are shares of the run; "
                "give two numbers from 0 to 1 whose sum is at most 1"
            )
        if self.max_keys is not None and self.max_keys < 2:
            raise UserError(f"max_keys={self.max_keys} leaves no room for the two end frames; give at least 2")

    def active(self, step: Step) -> bool:
        """Return whether frames may be inserted in this iteration: exactly ``[warm_up N, (1 - cool_down) N)``."""
        if self.criterion == "none":
            return False
        return self.warm_up * step.total <= step.index < (1 - self.cool_down) * step.total


def neighbour_cosines(frames: Tensor, keys: Tensor, is_key: Tensor) -> Tensor:
    """Return each frame's gradient cosine with the key-frames left and right of it (PRISM equations 4 and 5).

    Args:
        frames: gradient at each time step ``[N, T, D]``.
        keys: gradient that stands for a key-frame at each time step ``[N, T, D]`` (read at key-frames only).
        is_key: bool ``[N, T]``, ends included.

    Returns:
        ``[N, T, 2]``, NaN at key-frames and wherever one of the two gradients is zero (no direction, no trigger).
    """
    left, right = neighbours(is_key)
    unit, unit_keys = (functional.normalize(g, dim=2, eps=1e-30) for g in (frames, keys))
    gram = torch.bmm(unit, unit_keys.transpose(1, 2))
    # Rounding takes products of unit vectors past -1, where a threshold of -1 must insert nothing.
    cosines = torch.stack([gram.gather(2, side[..., None]).squeeze(2) for side in (left, right)], 2).clamp(-1, 1)
    silent = frames.abs().amax(2) == 0
    silent_keys = keys.abs().amax(2) == 0
    dead = is_key | silent | silent_keys.gather(1, left) | silent_keys.gather(1, right)
    return cosines.masked_fill(dead[..., None], torch.nan)


class FrameInsertion(Hook):
    """Promotes interpolated frames whose gradient conflicts with both neighbours, all at once after the update."""

    def __init__(self, rule: InsertionRule) -> None:
        """Apply ``rule`` at every iteration of its window."""
        self.rule = rule
        self._chosen: Tensor | None = None
        self._telemetry: dict[str, Any] = {}

    def largest(self, synthetic: Parameterization) -> Parameterization:
        """Return the videos with as many key-frames as the rule allows, evenly spaced."""
        if self.rule.criterion == "none" or not isinstance(synthetic, KeyFrames):
            return synthetic
        frames, full = synthetic.spec.frames, torch.zeros_like(synthetic.is_key)
        full[:, evenly_spaced(frames, min(self.rule.max_keys or frames, frames))] = True
        return KeyFrames(synthetic.frames.detach(), full, synthetic.spec, synthetic.class_names, synthetic.labels)

    def watches(self, step: Step) -> bool:
        """Frame gradients are needed only while frames may be inserted."""
        return self.rule.active(step)

    @torch.no_grad()
    def before_update(self, synthetic: Parameterization, step: Step) -> None:
        """Choose frames by this iteration's gradients; the key-frames stay fixed within the iteration."""
        self._chosen = None
        keys = _key_frames(synthetic)
        self._telemetry = {"key_frames": keys.is_key.sum(1).tolist(), "gradient_norms": _norms(keys)}
        if not self.rule.active(step):
            return
        frames = keys.frame_gradient.flatten(2)
        anchors = frames if self.rule.gradient == "partial" else _gradient(keys).flatten(2)
        cosines = neighbour_cosines(frames, anchors, keys.is_key)
        triggered = self._triggered(cosines)
        self._describe(cosines, triggered, keys)
        self._chosen = self._place(triggered, cosines, keys.is_key, step)

    def after_update(self, synthetic: Parameterization, step: Step) -> None:
        """Insert what was chosen, where the clip passes under the updated key-frames."""
        if self._chosen is not None:
            keys = _key_frames(synthetic)
            inserted = (self._chosen & ~keys.is_key).nonzero().tolist()
            keys.insert(self._chosen, self.rule.insert_from)
            self._telemetry["key_frames"] = keys.is_key.sum(1).tolist()
            self._telemetry |= {"inserted": inserted} if inserted else {}

    def telemetry(self) -> dict[str, Any]:
        """Return what an iteration did, as JSON types.

        ``key_frames`` of each video; ``gradient_norms``, of the key-frames at each time step, a mean over videos (None
        where no video has one). Inside the window also the ``cosine_histogram``, the ``trigger_rate`` (triggered among
        the frames that are not key-frames; absent where all are), and ``inserted``, pairs of video and time, where
        frames were.
        """
        return self._telemetry

    def _triggered(self, cosines: Tensor) -> Tensor:
        if self.rule.criterion == "l2":
            # Distance of unit vectors: |a - b|^2 = 2 - 2 cos.
            distance = (2 - 2 * cosines).clamp(min=0).sqrt()
            return (distance > self.rule.l2_threshold).all(2)
        return (cosines < self.rule.epsilon).all(2)

    def _place(self, triggered: Tensor, cosines: Tensor, is_key: Tensor, step: Step) -> Tensor:
        """Return the frames to insert, bool ``[N, T]``: of each video as many as triggered, within the room left."""
        wanted = triggered.sum(1)
        if self.rule.most_negative_only:
            wanted = wanted.clamp(max=1)
        if self.rule.max_keys is not None:
            wanted = torch.minimum(wanted, (self.rule.max_keys - is_key.sum(1)).clamp(min=0))
        if self.rule.position == "random":
            order = torch.rand(is_key.shape, generator=step.draw.generator("position")).to(is_key.device)
            return _lowest(order.masked_fill(is_key, torch.inf), wanted)
        return _lowest(cosines.amax(2).masked_fill(~triggered, torch.inf), wanted)

    def _describe(self, cosines: Tensor, triggered: Tensor, keys: KeyFrames) -> None:
        candidates = int((~keys.is_key).sum())
        seen = cosines[~cosines.isnan()].float().cpu()
        histogram = torch.histc(seen, HISTOGRAM_BINS, -1, 1).int().tolist()
        self._telemetry["cosine_histogram"] = histogram
        if candidates:
            # Of none, a rate of 0 would say that none triggered.
            self._telemetry["trigger_rate"] = int(triggered.sum()) / candidates


def _lowest(scores: Tensor, counts: Tensor) -> Tensor:
    """Return a bool mask of the ``counts[i]`` lowest entries of row i."""
    ranks = scores.argsort(dim=1, stable=True).argsort(dim=1)
    return torch.lt(ranks, counts[:, None])


def _key_frames(synthetic: Parameterization) -> KeyFrames:
    if not isinstance(synthetic, KeyFrames):
        raise TypeError(f"frame insertion needs key-frames, not {type(synthetic).__name__}")
    return synthetic


def _norms(keys: KeyFrames) -> list[float | None]:
    """Return the norm of the gradient of the key-frames at each time step, to four digits."""
    gradient = keys.frames.grad
    if gradient is None:
        return [None] * keys.spec.frames
    norms, counts = gradient.flatten(2).norm(dim=2).sum(0), keys.is_key.sum(0)
    return [
        float(f"{norm / count:.4g}") if count else None
        for norm, count in zip(norms.tolist(), counts.tolist(), strict=True)
    ]


def _gradient(keys: KeyFrames) -> Tensor:
    if keys.frames.grad is None:
        raise RuntimeError("frame insertion ran before any loss was backpropagated")
    return keys.frames.grad
