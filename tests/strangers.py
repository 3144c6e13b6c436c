"""Condensed datasets as a stranger might write them: sound ones to be changed, with hashes that fit the changes."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from vidense.condensed import load, save
from vidense.data.codec import encode_clips
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.parameterizations import (
    CodedClips,
    Dense,
    FeaturePool,
    KeyFrames,
    Memories,
    Parameterization,
    SelectedClips,
    Stills,
    Tiles,
)
from vidense.parameterizations.memories import hallucinator
from vidense.records import file_hash

SPEC = ClipSpec(4, 6, 5)
CLASSES = ("ball", "cube", "disc")
PROVENANCE = {"method": {"name": "test", "paper": ""}, "settings": {"seed": 3, "data": "da7a"}, "outcome": {}}
KINDS = ("key_frames", "dense", "selected", "stills", "memories", "feature_pool", "tiles", "coded")


def videos(kind: str) -> Parameterization:
    """Return three tiny videos; the dense ones have soft labels."""
    rng = torch.Generator().manual_seed(0)
    clips, labels = torch.randn(3, *SPEC.shape, generator=rng), torch.arange(3)
    if kind == "key_frames":
        return KeyFrames.from_clips(clips, [2, 3, 4], SPEC, CLASSES, labels)
    if kind == "selected":
        pixels = torch.randint(0, 256, (3, *SPEC.shape), dtype=torch.uint8, generator=rng)
        return SelectedClips(pixels, SPEC, CLASSES, labels)
    if kind == "tiles":
        pixels = torch.randint(0, 256, (3, *SPEC.shape), dtype=torch.uint8, generator=rng)
        return Tiles(pixels, torch.rand(3, 4, 3, generator=rng), SPEC, CLASSES, labels, torch.eye(3))
    if kind == "coded":
        pixels = torch.randint(0, 256, (3, *SPEC.shape), dtype=torch.uint8, generator=rng).numpy()
        return CodedClips(b"".join(encode_clips(pixels, "h264", 40)), "h264", SPEC, CLASSES, labels)
    if kind == "stills":
        return Stills(clips[:, 0], SPEC, CLASSES, labels)
    if kind == "memories":
        motions = torch.randn(3, 2, SPEC.frames, 1, *SPEC.shape[2:], generator=rng)
        return Memories(clips[:, :2], motions, hallucinator(0), SPEC, CLASSES, labels)
    if kind == "feature_pool":
        return FeaturePool.from_pictures(clips[:, :2], 2, 3, SPEC, CLASSES, labels)
    return Dense(clips, SPEC, CLASSES, labels, torch.eye(3))


def parts(folder: Path, kind: str = "key_frames") -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Write a sound dataset and return its index and its tensors, to be changed."""
    index, tensors = _sound(kind)
    write(folder, json.loads(index), tensors)
    return json.loads((folder / "condensed.json").read_text()), dict(tensors)


@cache
def _sound(kind: str) -> tuple[str, dict[str, Tensor]]:
    synthetic = videos(kind)
    with TemporaryDirectory() as folder:
        save(Path(folder), synthetic, dtype="uint8", provenance=PROVENANCE)
        return (Path(folder) / "condensed.json").read_text(), synthetic.store("uint8").tensors


def write(folder: Path, index: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Write both files so that hash and bytes agree: a liar would not forget them."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "tensors.safetensors")
    sizes = {name: tensor.numel() * tensor.element_size() for name, tensor in tensors.items()}
    honest = {"tensors_sha256": file_hash(folder / "tensors.safetensors"), "bytes_by_part": sizes}
    (folder / "condensed.json").write_text(json.dumps({**index, **honest}))


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(folder)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 1200
    assert str(folder) in text
    return text
