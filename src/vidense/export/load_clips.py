"""Loads these clips without vidense, by torch and safetensors alone: ``from load_clips import load``."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.utils.data import TensorDataset


def load(folder: Path | str = Path(__file__).parent) -> TensorDataset:
    """Return what ``vidense.load`` gives: items ``(clip, label)``.

    A clip is float32 ``[T, 3, H, W]``, normalised: RGB in 0..1, less ``mean``, divided by ``std`` of metadata.json. A
    label is int64, or float32 ``[C]`` where the dataset has soft labels.
    """
    tensors = load_file(Path(folder) / "clips.safetensors")
    clips = tensors["clips"]
    if clips.dtype == torch.uint8:
        spec = json.loads((Path(folder) / "metadata.json").read_text(encoding="utf-8"))["spec"]
        mean, std = (torch.tensor(spec[name]).view(3, 1, 1) for name in ("mean", "std"))
        clips = (clips.float() / 255 - mean) / std
    return TensorDataset(clips, tensors.get("soft_labels", tensors["labels"]))
