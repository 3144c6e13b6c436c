"""ConvNet, the network of image dataset condensation, on single frames and frame by frame on clips."""

from torch import Tensor, nn

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets.base import NETWORKS, Network
from vidense.nets.frame_encoder import WIDTH, check_frame_size, frame_encoder

__all__ = ["ConvNet", "convnet", "convnet_bn"]


class ConvNet(Network):
    """Encodes every frame and averages over time, so that the order of frames does not matter.

    Source: ``ConvNetD4`` of the DC reference code (Zhao et al., ICLR 2021), which VDSD learns its static memories with.
    Frames of 64x64 embed to 2048 numbers, of 112x112 to 6272.
    """

    def __init__(self, spec: ClipSpec, classes: int, *, depth: int, batch_norm: bool) -> None:
        """Build the layers.

        Args:
            spec: H and W of at least 2^depth pixels, any T.
            classes: number of scores.
            depth: blocks, each halving the sides.
            batch_norm: normalise over the batch and not each frame by itself.

        Raises:
            UserError: if the frames are too small, or ``depth`` is below 1.
        """
        if depth < 1:
            raise UserError(f"depth={depth} is no number of blocks; give an integer of at least 1")
        check_frame_size(spec, depth, "convnet")
        side = 2**depth
        super().__init__(spec, classes, WIDTH * (spec.height // side) * (spec.width // side))
        self.encoder = frame_encoder(depth, batch_norm=batch_norm)
        self.head = nn.Linear(self.embed_size, classes)

    def features(self, clips: Tensor) -> Tensor:
        """Return the mean over time of the last maps, ``[n, 128, h, w]``."""
        self.check_shape(clips)
        maps: Tensor = self.encoder(clips.flatten(0, 1)).unflatten(0, clips.shape[:2])
        return maps.mean(1)

    def logits(self, features: Tensor) -> Tensor:
        """Return class scores ``[n, classes]``."""
        scores: Tensor = self.head(features.flatten(1))
        return scores


@NETWORKS.register("convnet")
def convnet(spec: ClipSpec, classes: int, *, depth: int = 4) -> ConvNet:
    """Build ConvNetD4, which sees frames but no motion."""
    return ConvNet(spec, classes, depth=depth, batch_norm=False)


@NETWORKS.register("convnet_bn")
def convnet_bn(spec: ClipSpec, classes: int, *, depth: int = 4) -> ConvNet:
    """Build ConvNetD4 with batch normalisation, as many parameters: the teacher that single frames are recovered from.

    In training mode its embedding of a clip depends on the other clips of the batch.
    """
    return ConvNet(spec, classes, depth=depth, batch_norm=True)
