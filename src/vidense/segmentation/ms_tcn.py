"""MS-TCN: stages of dilated convolutions over time, each refining what the one before predicts for every frame.

Source: Farha and Gall, "MS-TCN: Multi-Stage Temporal Convolutional Network for Action Segmentation" (CVPR 2019),
sections 3.1 and 3.2 and its code.
"""

from torch import Tensor, nn

from vidense.errors import UserError
from vidense.seeding import seeded

__all__ = ["LAYERS", "MAPS", "STAGES", "MsTcn", "Stage", "build_ms_tcn", "build_stage"]

STAGES, LAYERS, MAPS = 4, 10, 64
DROPOUT = 0.5


class Stage(nn.Module):
    """One stage: a convolution to 64 maps, ten dilated residual layers, and class scores.

    Attributes:
        dimension: D, features of a frame.
        classes: C.
        normalised: whether every convolution but the last is followed by batch normalisation.
    """

    def __init__(self, dimension: int, classes: int, *, normalised: bool = False) -> None:
        """Build the layers with PyTorch's default initialisation.

        The published network normalises nothing. A teacher for inversion (TSGF) needs statistics to be asked for.
        """
        super().__init__()
        self.dimension, self.classes, self.normalised = dimension, classes, normalised
        norm = nn.BatchNorm1d(MAPS) if normalised else nn.Identity()
        self.enter = nn.Sequential(nn.Conv1d(dimension, MAPS, 1), norm)
        self.layers = nn.ModuleList(_DilatedLayer(2**i, normalised) for i in range(LAYERS))
        self.leave = nn.Conv1d(MAPS, classes, 1)

    def hidden(self, features: Tensor) -> Tensor:
        """Return the maps ``[n, 64, T]`` after the last residual layer, of features ``[n, D, T]``."""
        maps: Tensor = self.enter(features)
        for layer in self.layers:
            maps = layer(maps)
        return maps

    def forward(self, features: Tensor) -> Tensor:
        """Return class scores ``[n, C, T]`` of features ``[n, D, T]``."""
        scores: Tensor = self.leave(self.hidden(features))
        return scores


class _DilatedLayer(nn.Module):
    """x + dropout(W2 relu(W1 * x)), W1 of kernel 3 with dilation (MS-TCN equations 1 and 2)."""

    def __init__(self, dilation: int, normalised: bool) -> None:
        super().__init__()
        wide = nn.Conv1d(MAPS, MAPS, 3, padding=dilation, dilation=dilation)
        point = nn.Conv1d(MAPS, MAPS, 1)
        norms = [nn.BatchNorm1d(MAPS) if normalised else nn.Identity() for _ in range(2)]
        self.body = nn.Sequential(wide, norms[0], nn.ReLU(), point, norms[1], nn.Dropout(DROPOUT))

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = maps + self.body(maps)
        return found


class MsTcn(nn.Module):
    """Four stages; each but the first takes the class probabilities of the one before.

    Attributes:
        stages: the stages in order.
    """

    def __init__(self, dimension: int, classes: int, *, normalised: bool = False) -> None:
        """Build the stages.

        Args:
            dimension: D, features of a frame.
            classes: C.
            normalised: put batch normalisation into the first stage (:class:`Stage`).

        Raises:
            UserError: if either is below 1.
        """
        super().__init__()
        if min(dimension, classes) < 1:
            raise UserError(f"features of size {dimension} and {classes} classes: a network needs at least 1 of both")
        first = Stage(dimension, classes, normalised=normalised)
        self.stages = nn.ModuleList([first, *(Stage(classes, classes) for _ in range(STAGES - 1))])

    def forward(self, features: Tensor) -> list[Tensor]:
        """Return the class scores ``[n, C, T]`` of every stage, of features ``[n, D, T]``."""
        scores = [self.stages[0](features)]
        for stage in self.stages[1:]:
            scores.append(stage(scores[-1].softmax(1)))
        return scores


def build_ms_tcn(dimension: int, classes: int, *, seed: int, normalised: bool = False) -> MsTcn:
    """Return a network on the CPU whose weights depend on ``seed`` only; arguments as of :class:`MsTcn`."""
    with seeded(seed, "ms-tcn"):
        return MsTcn(dimension, classes, normalised=normalised)


def build_stage(dimension: int, classes: int, *, seed: int) -> Stage:
    """Return a first stage alone, frozen, in eval mode, on the CPU; its weights depend on ``seed`` only."""
    with seeded(seed, "stage"):
        return Stage(dimension, classes).eval().requires_grad_(False)
