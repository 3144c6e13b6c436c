"""A small video transformer: a network that has nothing in common with those that videos are condensed by."""

import torch
from torch import Tensor, nn

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets.base import NETWORKS, Network

__all__ = ["VideoTransformer", "video_transformer"]

TUBELET = (2, 16, 16)
WIDTH, DEPTH, HEADS, WIDENING, DROPOUT = 128, 4, 4, 4, 0.1


class VideoTransformer(Network):
    """Tubes of 2 frames and 16x16 pixels as tokens, four layers of attention between all of them, their mean.

    Source: ViViT (Arnab et al., ICCV 2021), model 1 with tubelet embedding (sections 3.2 and 3.3), without a class
    token and far smaller: 990,080 + 128 x (tokens + classes) + classes parameters.
    """

    def __init__(self, spec: ClipSpec, classes: int) -> None:
        """Build the layers.

        Raises:
            UserError: unless T is even and H and W are multiples of 16.
        """
        sides = {"frames": spec.frames, "height": spec.height, "width": spec.width}
        for (name, side), step in zip(sides.items(), TUBELET, strict=True):
            if side % step:
                raise UserError(
                    f"{name}={side} does not fit video_transformer, which takes multiples of {step}; prepare the store "
                    "with --size 64 or --size 112 and an even number of --frames"
                )
        tokens = (spec.frames // TUBELET[0]) * (spec.height // TUBELET[1]) * (spec.width // TUBELET[2])
        super().__init__(spec, classes, WIDTH)
        self.tubes = nn.Conv3d(3, WIDTH, TUBELET, TUBELET)
        self.positions = nn.Parameter(0.02 * torch.randn(tokens, WIDTH))
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, WIDENING * WIDTH, DROPOUT, "gelu", batch_first=True, norm_first=True
        )
        # Nested tensors are for padded sequences, which there are none of here.
        self.encoder = nn.TransformerEncoder(layer, DEPTH, nn.LayerNorm(WIDTH), enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, classes)

    def features(self, clips: Tensor) -> Tensor:
        """Return the mean of the encoded tokens, ``[n, 128]``."""
        self.check_shape(clips)
        tokens = self.tubes(clips.transpose(1, 2)).flatten(2).transpose(1, 2)
        encoded: Tensor = self.encoder(tokens + self.positions)
        return encoded.mean(1)

    def logits(self, features: Tensor) -> Tensor:
        """Return class scores ``[n, classes]``."""
        scores: Tensor = self.head(features)
        return scores


@NETWORKS.register("video_transformer")
def video_transformer(spec: ClipSpec, classes: int) -> VideoTransformer:
    """Build the transformer with PyTorch's default initialisation."""
    return VideoTransformer(spec, classes)
