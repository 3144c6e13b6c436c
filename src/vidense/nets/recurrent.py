"""Frame encoder and recurrent layer: the networks that condensed videos are cross-tested on."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets.base import NETWORKS, Network
from vidense.nets.frame_encoder import WIDTH, check_frame_size, frame_encoder

__all__ = ["RecurrentNetwork", "cnn_gru", "cnn_lstm", "cnn_rnn"]

BLOCKS = 3
CROP = 64
HIDDEN = 1024
KINDS: dict[str, Callable[..., nn.RNNBase]] = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}


class RecurrentNetwork(Network):
    """A convolutional encoder of single frames, one recurrent layer over time, the mean of its outputs.

    Source: ``VideoConvNetGRU``, ``...RNN`` and ``...LSTM`` of the VDSD reference code (Wang et al., CVPR 2024). Clips
    larger than 64x64 are cropped to their central 64x64, as that code does before it trains them.
    """

    def __init__(self, spec: ClipSpec, classes: int, *, kind: str, hidden: int) -> None:
        """Build the layers.

        Args:
            spec: H and W of at least 8 pixels, any T.
            classes: number of scores.
            kind: ``gru``, ``rnn`` or ``lstm``.
            hidden: width of the recurrent layer and so of the embedding.

        Raises:
            UserError: if the frames are too small, or ``hidden`` is below 1.
        """
        check_frame_size(spec, BLOCKS, f"cnn_{kind}")
        if hidden < 1:
            raise UserError(f"{kind}_hidden={hidden} is no width; give an integer of at least 1")
        super().__init__(spec, classes, hidden)
        self.encoder = frame_encoder(BLOCKS)
        height, width = (min(side, CROP) // 2**BLOCKS for side in (spec.height, spec.width))
        self.recurrent = KINDS[kind](WIDTH * height * width, hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)

    def features(self, clips: Tensor) -> Tensor:
        """Return the mean over time of the recurrent outputs, ``[n, hidden]``."""
        self.check_shape(clips)
        frames = _central(clips).flatten(0, 1)
        encoded = self.encoder(frames).flatten(1).unflatten(0, clips.shape[:2])
        with self._differentiable(clips):
            outputs: Tensor = self.recurrent(encoded)[0]
        return outputs.mean(1)

    def _differentiable(self, clips: Tensor) -> AbstractContextManager[None]:
        """Return where the recurrent layer has all the derivatives that are wanted of it.

        That of cuDNN has a first one in training mode only, and no second one: it may learn from clips, but clips that
        are learned themselves, and gradients that are matched with dropout off, need torch's own.
        """
        suffices = not torch.is_grad_enabled() or (self.training and not clips.requires_grad)
        return nullcontext() if suffices else torch.backends.cudnn.flags(enabled=False)

    def logits(self, features: Tensor) -> Tensor:
        """Return class scores ``[n, classes]``."""
        scores: Tensor = self.head(features)
        return scores


def _central(clips: Tensor) -> Tensor:
    top, left = (max(side - CROP, 0) // 2 for side in clips.shape[-2:])
    return clips[..., top : top + CROP, left : left + CROP]


@NETWORKS.register("cnn_gru")
def cnn_gru(spec: ClipSpec, classes: int) -> RecurrentNetwork:
    """Build CNN+GRU with 1024 recurrent units; 28,668,466 parameters for 50 classes."""
    return RecurrentNetwork(spec, classes, kind="gru", hidden=HIDDEN)


@NETWORKS.register("cnn_rnn")
def cnn_rnn(spec: ClipSpec, classes: int) -> RecurrentNetwork:
    """Build CNN+RNN (tanh) with 1024 recurrent units; 9,790,002 parameters for 50 classes."""
    return RecurrentNetwork(spec, classes, kind="rnn", hidden=HIDDEN)


@NETWORKS.register("cnn_lstm")
def cnn_lstm(spec: ClipSpec, classes: int, *, lstm_hidden: int = 8192) -> RecurrentNetwork:
    """Build CNN+LSTM. The published width of 8192 has 537,645,618 parameters (2.15 GB); 1024 is the light one."""
    return RecurrentNetwork(spec, classes, kind="lstm", hidden=lstm_hidden)
