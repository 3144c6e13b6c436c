"""Key-frames with linear interpolation between them (PRISM section 3.1, DFS section 3)."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from vidense.data.spec import ClipSpec
from vidense.parameterizations.base import PARAMETERIZATIONS, Parameterization, Stored, StoreDtype
from vidense.parameterizations.quantise import pack_frames, unpack_frames
from vidense.seeding import Draw

__all__ = ["KeyFrames", "evenly_spaced", "interpolation_weights", "neighbours"]


def neighbours(is_key: Tensor) -> tuple[Tensor, Tensor]:
    """Return the nearest key-frame at or before, and at or after, every time step.

    Args:
        is_key: bool ``[N, T]``, ends included.

    Returns:
        ``(left, right)``, int64 ``[N, T]`` each; both are t itself where t is a key-frame.
    """
    last = is_key.shape[1] - 1
    times = torch.arange(last + 1, device=is_key.device).expand_as(is_key)
    left = torch.where(is_key, times, 0).cummax(1).values
    return left, torch.where(is_key, times, last).flip(1).cummin(1).values.flip(1)


def interpolation_weights(is_key: Tensor) -> Tensor:
    """Return the matrices W that turn key-frames into clips: ``clip = W @ frames``.

    Row t of a video holds (1 - a, a) at the key-frames left and right of t, a growing linearly from 0 to 1
    (PRISM equation 3); a key-frame's own row is one-hot, columns of other frames are zero.

    Args:
        is_key: bool ``[N, T]``; the first and last frame of every video must be key-frames.

    Returns:
        float32 ``[N, T, T]``, each row summing to 1.

    Raises:
        ValueError: if an end frame is no key-frame, for nothing could be interpolated beyond it.
    """
    if not (is_key[:, 0].all() and is_key[:, -1].all()):
        raise ValueError("the first and the last frame of every video must be key-frames")
    left, right = neighbours(is_key)
    times = torch.arange(is_key.shape[1], device=is_key.device)
    share = (times - left).float() / (right - left).clamp(min=1)
    weights = torch.zeros(*is_key.shape, is_key.shape[1], device=is_key.device)
    weights.scatter_add_(2, left[..., None], (1 - share)[..., None])
    return weights.scatter_add_(2, right[..., None], share[..., None])


def evenly_spaced(frames: int, count: int) -> list[int]:
    """Return ``count`` of ``frames`` time steps (0-based), ends included: round(i (T-1) / (count-1)).

    Raises:
        ValueError: unless ``2 <= count <= frames``, or both are 1.
    """
    if frames == count == 1:
        return [0]
    if not 2 <= count <= frames:
        raise ValueError(f"key-frames={count} of {frames} frames: give a number from 2 to {frames}")
    # Half up, not Python's half-to-even, so that spacing is monotone in i.
    return [(2 * i * (frames - 1) + count - 1) // (2 * (count - 1)) for i in range(count)]


def _refresh(videos: "KeyFrames", _: object) -> None:
    # A function of the module, not a lambda, so that datasets can be sent to a DataLoader's worker processes.
    videos._refresh_weights()


@PARAMETERIZATIONS.register("key_frames")
class KeyFrames(Parameterization):
    """Videos of which only key-frames are free; the others lie on straight lines between them.

    In memory every frame has a slot in one dense parameter, and a mask says which are key-frames: an insertion flips a
    bit and never rebuilds the optimiser. Slots that are no key-frames get no gradient, so their momentum is zero when
    they become one. Only key-frames go to disk.

    Attributes:
        frames: parameter ``[N, T, 3, H, W]`` (group ``frames``).
        is_key: bool ``[N, T]``.
    """

    kind = "key_frames"
    is_key: Tensor
    weights: Tensor

    def __init__(
        self,
        frames: Tensor,
        is_key: Tensor,
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        soft_labels: Tensor | None = None,
    ) -> None:
        """Start from normalised floats ``frames`` ``[N, T, 3, H, W]`` and a mask ``is_key`` ``[N, T]``."""
        super().__init__(spec, class_names, labels, soft_labels)
        self.frames = nn.Parameter(frames.float().clone())
        self.register_buffer("is_key", is_key.clone())
        self.register_buffer("weights", interpolation_weights(is_key), persistent=False)
        # A checkpoint holds the mask; the weights follow from it.
        self.register_load_state_dict_post_hook(_refresh)  # type: ignore[no-untyped-call]

    @classmethod
    def from_clips(
        cls, clips: Tensor, counts: Sequence[int], spec: ClipSpec, class_names: Sequence[str], labels: Tensor
    ) -> "KeyFrames":
        """Keep ``counts[i]`` evenly spaced frames of clip i of normalised ``[N, T, 3, H, W]``; interpolate the rest."""
        is_key = torch.zeros(clips.shape[:2], dtype=torch.bool)
        for mask, count in zip(is_key, counts, strict=True):
            mask[evenly_spaced(spec.frames, count)] = True
        return cls(clips, is_key, spec, class_names, labels)

    def synthesise(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Interpolate: one small matrix product a video."""
        return torch.bmm(self.weights[index], self.frames[index].flatten(2)).view(len(index), *self.spec.shape)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """One group, ``frames``."""
        return {"frames": [self.frames]}

    @torch.no_grad()
    def insert(self, chosen: Tensor, start: Literal["interpolation", "noise"]) -> None:
        """Promote frames to key-frames (PRISM equation 7).

        Args:
            chosen: bool ``[N, T]``; frames that are key-frames already are left as they are.
            start: ``interpolation`` starts them where the clip passes now, so that no clip changes; ``noise`` starts
                them at whatever their slot was initialised with.
        """
        new = chosen & ~self.is_key
        videos = new.any(1).nonzero().flatten()
        if not len(videos):
            return
        if start == "interpolation":
            self.frames[new] = self.synthesise(videos)[new[videos]]
        self.is_key |= new
        self._refresh_weights()

    def _refresh_weights(self) -> None:
        self.weights.copy_(interpolation_weights(self.is_key))

    def pack(self, dtype: StoreDtype) -> Stored:
        """The key-frames, video after video; their times go to the record."""
        times = [mask.nonzero().flatten().tolist() for mask in self.is_key]
        return Stored(pack_frames(self.frames[self.is_key], dtype), {"times": times})

    @classmethod
    def unpack(
        cls, stored: Stored, spec: ClipSpec, class_names: Sequence[str], labels: Tensor, soft_labels: Tensor | None
    ) -> "KeyFrames":
        """Read :meth:`pack`'s output back; slots between key-frames are filled with the interpolated frames."""
        is_key = torch.zeros(len(labels), spec.frames, dtype=torch.bool)
        for mask, times in zip(is_key, stored.record["times"], strict=True):
            if not times or not all(type(t) is int and 0 <= t < spec.frames for t in times):
                raise ValueError(f"key-frame times {times} leave 0..{spec.frames - 1}")
            mask[times] = True
        frames = torch.zeros(len(labels), *spec.shape)
        frames[is_key] = unpack_frames(stored.tensors, int(is_key.sum()), spec.shape[1:])
        restored = cls(frames, is_key, spec, class_names, labels, soft_labels)
        with torch.no_grad():
            restored.frames.copy_(restored.synthesise(torch.arange(len(labels))))
        return restored

    def stored_numbers(self) -> int:
        """Key-frames times 3 H W."""
        return int(self.is_key.sum()) * self.spec.frame_numbers
