"""How synthetic videos are stored and decoded: the contract, independent of any method."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from vidense.data.spec import ClipSpec, DecodedOtherwise, LabelledClips
from vidense.errors import UserError
from vidense.records import disjoint
from vidense.registry import Registry
from vidense.seeding import Draw

__all__ = ["PARAMETERIZATIONS", "Parameterization", "StoreDtype", "Stored", "require"]

StoreDtype = Literal["uint8", "float16", "float32"]


@dataclass(frozen=True)
class Stored:
    """What goes to disk: tensors, and what is not a tensor.

    One value, because an encoder yields both at once (a bitstream and where each clip starts in it).

    Attributes:
        tensors: payload by name; their bytes are the storage, part by part.
        record: JSON types only.
    """

    tensors: dict[str, Tensor]
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def bytes_by_part(self) -> dict[str, int]:
        """Payload bytes of each tensor."""
        return {name: tensor.numel() * tensor.element_size() for name, tensor in self.tensors.items()}


class Parameterization(nn.Module, ABC):
    """A set of N synthetic videos with their labels.

    Subclasses implement :meth:`synthesise`, :meth:`groups`, :meth:`pack`, :meth:`unpack` and
    :meth:`stored_numbers`. Decoded clips are normalised floats; nothing clamps them.

    Attributes:
        kind: name under which condensed datasets find the class again.
        shared: whether videos of several classes are made of common parts.
        largest_ratio: the most numbers a stored one may stand for; bounds the memory that a file can ask for.
        spec: shape and normalisation.
        class_names: C names.
        labels: int64 ``[N]``, the class each video stands for.
        soft_labels: float32 ``[N, C]`` or None; trainable where the method learns labels.
    """

    kind: ClassVar[str]
    shared: ClassVar[bool] = False
    largest_ratio: ClassVar[int] = 256
    labels: Tensor

    def __init__(
        self,
        spec: ClipSpec,
        class_names: Sequence[str],
        labels: Tensor,
        soft_labels: Tensor | None = None,
    ) -> None:
        """Keep labels; ``soft_labels`` becomes a parameter so that a method may train it."""
        super().__init__()
        self.spec, self.class_names = spec, tuple(class_names)
        self.register_buffer("labels", labels.to(torch.int64))
        self.soft_labels = None if soft_labels is None else nn.Parameter(soft_labels.float())
        self._frame_gradient: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def stochastic(self) -> bool:
        """Whether a video decodes to different clips (memories paired at random), chosen by a draw."""
        return False

    # -- decoding -----------------------------------------------------------------------------------------------

    @abstractmethod
    def synthesise(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Return the clips at ``index`` (int64 ``[n]``) as normalised floats ``[n, T, 3, H, W]``, differentiable.

        Stochastic kinds choose by ``draw``, video by video (``draw.generator("video", i)``), and give the one clip that
        stands for a video where it is None.
        """

    def decode(self, index: Tensor, draw: Draw | None = None) -> Tensor:
        """Return clips as :meth:`synthesise` does, and collect their gradient while frames are watched."""
        clips = self.synthesise(index, draw)
        if self._frame_gradient is not None and clips.requires_grad:
            clips.register_hook(partial(self._collect, index))  # type: ignore[no-untyped-call]
        return clips

    def frozen(self) -> LabelledClips:
        """Return the clips as they are now, to train networks on: decoding them builds no graph."""
        return DecodedOtherwise(self, self.stochastic, torch.no_grad()(self.synthesise))

    def watch_frames(self, watched: bool) -> None:
        """Start a fresh collection of the gradient on decoded frames, or stop collecting.

        PRISM's insertion rule needs the gradient at every time step, key-frame or not, which no parameter carries.
        """
        self._frame_gradient = torch.zeros(len(self), *self.spec.shape, device=self.labels.device) if watched else None

    @property
    def frame_gradient(self) -> Tensor:
        """Gradient of this step's losses on decoded frames, ``[N, T, 3, H, W]``.

        Raises:
            RuntimeError: unless a hook asked for it through :meth:`vidense.hooks.base.Hook.watches`.
        """
        if self._frame_gradient is None:
            raise RuntimeError(
                "frame gradients were not collected: the hook's watches() must return True for this step"
            )
        return self._frame_gradient

    def _collect(self, index: Tensor, gradient: Tensor) -> None:
        if self._frame_gradient is not None:
            self._frame_gradient.index_add_(0, index.to(gradient.device), gradient)

    # -- optimisation -------------------------------------------------------------------------------------------

    @abstractmethod
    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Return what the clips are made of by name; the optimiser has one learning rate for each name."""

    def trainable(self) -> dict[str, list[nn.Parameter]]:
        """Return :meth:`groups` and, where there are any, ``soft_labels``."""
        return self.groups() if self.soft_labels is None else {**self.groups(), "soft_labels": [self.soft_labels]}

    # -- storage ------------------------------------------------------------------------------------------------

    @abstractmethod
    def pack(self, dtype: StoreDtype) -> Stored:
        """Return what must be kept of the videos, without labels, numbers stored as ``dtype``."""

    @classmethod
    @abstractmethod
    def unpack(
        cls, stored: Stored, spec: ClipSpec, class_names: Sequence[str], labels: Tensor, soft_labels: Tensor | None
    ) -> "Parameterization":
        """Build the parameterization from :meth:`pack`'s output."""

    @abstractmethod
    def stored_numbers(self) -> int:
        """Return how many numbers the papers would count (each as a float32): pixels, not labels or shared parts."""

    def store(self, dtype: StoreDtype) -> Stored:
        """Return everything that goes to disk, labels included."""
        stored = self.pack(dtype)
        labels: dict[str, Tensor] = {"labels": self.labels.to(_label_dtype(len(self.class_names))).cpu()}
        if self.soft_labels is not None:
            labels["soft_labels"] = self.soft_labels.detach().cpu()
        return Stored(disjoint({name: t.contiguous() for name, t in stored.tensors.items()}, labels), stored.record)

    def stored_dtype(self, dtype: StoreDtype) -> StoreDtype:
        """Return the type numbers are really stored in where ``dtype`` is asked for."""
        return dtype

    def storage(self, dtype: StoreDtype) -> dict[str, int]:
        """Return payload bytes by part, labels included; a folder adds its index to them."""
        return self.store(dtype).bytes_by_part

    @staticmethod
    def restore(kind: str, stored: Stored, spec: ClipSpec, class_names: Sequence[str]) -> "Parameterization":
        """Build the parameterization called ``kind`` from :meth:`store`'s output.

        Raises:
            UserError: if the kind is unknown or a tensor is missing.
        """
        tensors = dict(stored.tensors)
        try:
            labels = tensors.pop("labels").to(torch.int64)
            soft = tensors.pop("soft_labels", None)
            return PARAMETERIZATIONS.get(kind).unpack(Stored(tensors, stored.record), spec, class_names, labels, soft)
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise UserError(f"condensed dataset of kind {kind!r} is incomplete or damaged ({error})") from None


def _label_dtype(classes: int) -> torch.dtype:
    return torch.uint8 if classes <= 256 else torch.int16


PARAMETERIZATIONS: Registry[type[Parameterization]] = Registry("parameterization")


def require(tensors: Mapping[str, Tensor], name: str, shape: Sequence[int]) -> Tensor:
    """Return the tensor called ``name`` after checking its shape (a file from a stranger may lie).

    Raises:
        ValueError: if the tensor is missing or shaped otherwise.
    """
    if name not in tensors or tuple(tensors[name].shape) != tuple(shape):
        found = tuple(tensors[name].shape) if name in tensors else "nothing"
        raise ValueError(f"tensor {name!r} must have shape {tuple(shape)}, found {found}")
    return tensors[name]
