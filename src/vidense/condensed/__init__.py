"""The condensed dataset as a folder: ``condensed.json`` and ``tensors.safetensors``, nothing else, no pickle."""

from vidense.condensed.dataset import CondensedDataset, Storage, load, save

__all__ = ["CondensedDataset", "Storage", "load", "save"]
