"""A store and a condensed dataset small enough that a network trains on them in a second."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vidense.condensed import CondensedDataset, save
from vidense.data.spec import ClipSpec
from vidense.data.store import ClipStore
from vidense.data.store_index import FORMAT, INDEX, VERSION, hash_of_content
from vidense.parameterizations import KeyFrames
from vidense.records import write_json

SPEC = ClipSpec(8, 43, 43)
CLASSES = ["down", "left", "up"]


def write_store(path: Path, *, train: int = 4, test: int = 2, windows: int = 3, size: int = 43) -> ClipStore:
    """Write a store of random clips, ``train`` and ``test`` videos of each of three classes, two to a group."""
    path.mkdir(parents=True, exist_ok=True)
    spec, random = ClipSpec(8, size, size), np.random.default_rng(0)
    videos, shards = [], []
    for split, each in (("train", train), ("test", test)):
        pixels = random.integers(0, 256, (3 * each, windows, *spec.shape), dtype=np.uint8)
        file = f"{split}-00000.npy"
        np.save(path / file, pixels)
        shards.append(
            {"split": split, "file": file, "bytes": (path / file).stat().st_size, "shape": list(pixels.shape)}
        )
        videos += [
            {
                "path": f"{split}/{number}.mp4",
                "sha256": f"{split}{number}",
                "label": number // each,
                "split": split,
                "group": f"{split}-{number // 2}",
                "length": 20,
                "windows": [list(range(8))] * windows,
                "flips": [False] * windows,
            }
            for number in range(3 * each)
        ]
    index = {
        "format": FORMAT,
        "version": VERSION,
        "source": ".",
        "spec": spec.to_json(),
        "class_names": CLASSES,
        "videos": videos,
        "content_hash": hash_of_content(spec, CLASSES, "squash", videos),
        "settings": {},
        "failures": [],
        "shards": shards,
    }
    write_json(path / INDEX, index)
    return ClipStore.open(path)


def write_dataset(path: Path, store: ClipStore, *, key_frames: int = 2, **settings: object) -> CondensedDataset:
    """Write a condensed dataset of one video a class, seed 1, with a few key-frames each."""
    chosen = torch.tensor([0, 4, 8])
    clips = store.train.decode(chosen)
    synthetic = KeyFrames.from_clips(clips, [key_frames] * 3, store.spec, CLASSES, store.train.labels[chosen])
    settings = {"seed": 1, "data": store.content_hash, **settings}
    provenance = {"method": {"name": "toy", "paper": ""}, "settings": settings}
    return save(path, synthetic, dtype="uint8", provenance=provenance)


@pytest.fixture
def store(tmp_path: Path) -> ClipStore:
    """Twelve training and six test videos of three classes, three windows each."""
    return write_store(tmp_path / "store")


@pytest.fixture
def dataset(tmp_path: Path, store: ClipStore) -> CondensedDataset:
    """Three videos of two key-frames."""
    return write_dataset(tmp_path / "run" / "dataset", store)
