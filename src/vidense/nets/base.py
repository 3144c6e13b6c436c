"""What every network promises, and how one is built by name."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from vidense.data.spec import ClipSpec
from vidense.errors import UserError, suggest
from vidense.registry import Registry
from vidense.seeding import seeded

__all__ = ["NETWORKS", "Network", "build_network"]


class Network(nn.Module, ABC):
    """Maps clips to an embedding and to class scores.

    Subclasses define :meth:`features` and :meth:`logits`; both halves are public so that one forward pass can give
    the embedding and the scores. Inputs may be of any floating type and memory format the module was converted to.

    Attributes:
        spec: shape of the clips the network takes.
        classes: number of scores.
        embed_size: E, the length of one embedding.
        memory_format: the layout of the weights in which the convolutions are fastest.
    """

    memory_format: ClassVar[torch.memory_format] = torch.contiguous_format

    def __init__(self, spec: ClipSpec, classes: int, embed_size: int) -> None:
        """Keep what the network was built for.

        Raises:
            UserError: if ``classes`` is below 1.
        """
        super().__init__()
        if classes < 1:
            raise UserError(f"classes={classes} is too few; a network needs at least 1 class")
        self.spec, self.classes, self.embed_size = spec, classes, embed_size

    @abstractmethod
    def features(self, clips: Tensor) -> Tensor:
        """Return the last feature map ``[n, ...]`` of normalised clips ``[n, T, 3, H, W]``, dropout not applied."""

    @abstractmethod
    def logits(self, features: Tensor) -> Tensor:
        """Return class scores ``[n, classes]`` of what :meth:`features` returned."""

    def embed(self, clips: Tensor) -> Tensor:
        """Return embeddings ``[n, E]``: the flattened last feature map, before pooling, dropout and scores.

        This is what distribution matching, herding and k-center compare (DM section 3, reference code).
        """
        return self.features(clips).flatten(1)

    def forward(self, clips: Tensor) -> Tensor:
        """Return class scores ``[n, classes]`` of normalised clips ``[n, T, 3, H, W]``."""
        return self.logits(self.features(clips))

    @property
    def bytes(self) -> int:
        """Size of all its tensors, buffers included."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self.state_dict().values())

    def place(self, device: torch.device, dtype: torch.dtype = torch.float32) -> "Network":
        """Move the network to a device and a floating type, in :attr:`memory_format`; the clips may stay as they are.

        Returns:
            The network itself.
        """
        # The memory format is missing from torch's own annotations of Module.to.
        self.to(device=device, dtype=dtype, memory_format=self.memory_format)  # type: ignore[call-overload]
        return self

    def check_shape(self, clips: Tensor) -> None:
        """Refuse clips of another shape than the network was built for.

        Raises:
            UserError: if ``clips`` is not ``[n, T, 3, H, W]`` of :attr:`spec`.
        """
        if tuple(clips.shape[1:]) != self.spec.shape:
            raise UserError(
                f"clips of shape {list(clips.shape)} do not fit this network; it was built for "
                f"[n, {', '.join(map(str, self.spec.shape))}]: build one with the spec of these clips"
            )


NETWORKS: Registry[Callable[..., Network]] = Registry("network")


def build_network(name: str, spec: ClipSpec, classes: int, *, seed: int, **options: Any) -> Network:
    """Build a network on the CPU with PyTorch's default initialisation.

    Args:
        name: a name in :data:`NETWORKS`.
        spec: shape of the clips it will take.
        classes: number of scores.
        seed: the weights depend on this number only, not on what was drawn before.
        options: keyword arguments of that network.

    Returns:
        The network, in training mode.

    Raises:
        UserError: if the name or an option is unknown, an option has a wrong value, or the clips are of a size that
            the network cannot take.
    """
    factory = NETWORKS.get(name)
    _check_options(name, factory, options)
    with seeded(seed, "network"):
        return factory(spec, classes, **options)


def _check_options(name: str, factory: Callable[..., Network], options: dict[str, Any]) -> None:
    parameters = inspect.signature(factory).parameters.values()
    known = {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
    for option, value in options.items():
        if option not in known:
            raise UserError(f"network {name!r} has no option {option!r}{suggest(option, known)}")
        wanted = type(known[option])
        accepted = (int, float) if wanted is float else (wanted,)
        # bool is an int to isinstance, but never what was meant here.
        if not isinstance(value, accepted) or (isinstance(value, bool) and wanted is not bool):
            raise UserError(f"{option}={value!r} of network {name!r} is no {wanted.__name__}; give one")
