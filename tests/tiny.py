"""Clips and stores small enough for a test to condense in a second."""

from pathlib import Path

import numpy as np
import torch

from vidense.data.real import RealClips
from vidense.data.spec import ClipSpec
from vidense.data.store import ClipStore
from vidense.data.store_index import FORMAT, INDEX, VERSION, hash_of_content
from vidense.engine.workshop import making
from vidense.method import Task
from vidense.records import write_json

SPEC = ClipSpec(8, 48, 48)
CLASSES = ("ball", "cube", "disc")


def pixels(classes: int = 3, videos: int = 4, windows: int = 2, spec: ClipSpec = SPEC, seed: int = 0) -> np.ndarray:
    """Return uint8 ``[classes * videos, windows, T, 3, H, W]``: a bright bar at a place of its own for each class."""
    rng = np.random.default_rng(seed)
    clips = rng.integers(0, 60, (classes * videos, windows, *spec.shape), dtype=np.uint8)
    for video in range(len(clips)):
        left = 4 + 12 * (video // videos)
        for frame in range(spec.frames):
            clips[video, :, frame, :, :, left + frame % 3 : left + 8] += 150
    return clips


def real_clips(classes: int = 3, videos: int = 4, windows: int = 2, spec: ClipSpec = SPEC) -> RealClips:
    """Return training clips in memory, two videos a group."""
    labels = torch.arange(classes).repeat_interleave(videos)
    groups = [f"g{i // 2}" for i in range(len(labels))]
    rows = [(0, i) for i in range(len(labels))]
    return RealClips(spec, CLASSES[:classes], labels, groups, [pixels(classes, videos, windows, spec)], rows, "tiny")


def task(path: Path, vpc: int = 1, seed: int = 0, **parts: int) -> Task:
    """Return a task on :func:`real_clips`."""
    return task_on(real_clips(**parts), path, vpc, seed)


def task_on(real: RealClips, path: Path, vpc: int = 2, seed: int = 0) -> Task:
    """Return a task whose needs are met as a run meets them."""
    return Task(real, vpc, seed, path, workshop=making(lambda *_: None, checkpoint_seconds=60))


def write_store(path: Path, videos: int = 4, windows: int = 2, spec: ClipSpec = SPEC) -> ClipStore:
    """Write a store of three classes with as many test as training videos, without decoding anything."""
    path.mkdir(parents=True)
    rows, shards = [], []
    for split, seed in (("train", 0), ("test", 1)):
        array = pixels(3, videos, windows, spec, seed)
        np.save(path / f"{split}-00000.npy", array)
        size = (path / f"{split}-00000.npy").stat().st_size
        shards.append({"file": f"{split}-00000.npy", "split": split, "shape": list(array.shape), "bytes": size})
        for i in range(len(array)):
            windows_of = [list(range(spec.frames))] * windows
            row = {"path": f"{split}/{i}.mp4", "sha256": f"{split}{i}", "label": i // videos, "split": split}
            rows.append(
                {**row, "group": f"{split}{i // 2}", "length": 8, "windows": windows_of, "flips": [False] * windows}
            )
    index = {
        "format": FORMAT,
        "version": VERSION,
        "source": "generated",
        "spec": spec.to_json(),
        "class_names": list(CLASSES),
        "videos": rows,
        "shards": shards,
        "content_hash": hash_of_content(spec, list(CLASSES), "squash", rows),
        "settings": {},
    }
    write_json(path / INDEX, index)
    return ClipStore.open(path)
