import shutil
from pathlib import Path

import numpy as np
import torch

from vidense.data.decode import Resize, read_windows
from vidense.data.prepare import prepare
from vidense.data.store import ClipStore


def test_ucf101_originals_are_cropped_flipped_and_compared_with_the_known_counts(
    test_data: Path, tmp_path: Path
) -> None:
    source = tmp_path / "ucf"
    lines: dict[str, list[str]] = {"train": [], "test": []}
    for path in sorted((test_data / "raw-samples").rglob("*_g01_*.avi"))[:2]:
        other = next(p for p in sorted(path.parent.iterdir()) if p != path)
        for split, file in (("test", path), ("train", other)):
            name = f"{file.parent.name}/{file.name}"
            (source / "UCF-101" / file.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, source / "UCF-101" / name)
            lines[split].append(name + (" 1" if split == "train" else ""))
    for split, names in lines.items():
        (source / f"{split}list01.txt").write_text("\n".join(names))
    report = prepare(source, tmp_path / "s", workers=1)
    assert report.layout == "ucf101"
    assert "2 train / 2 test videos; the complete ucf101 has 9537 / 3783" in report.warnings
    store = ClipStore.open(tmp_path / "s")
    assert store.spec.shape == (16, 3, 112, 112)
    assert store.settings["resize"] == "crop"
    assert {flip for video in store.videos for flip in video.flips} == {True, False}
    assert [video.group for video in store.videos if video.split == "test"] == ["g01", "g01"]
    flipped = next((i, w) for i, v in enumerate(store.videos[:2]) for w, flip in enumerate(v.flips) if flip)
    small = prepare(source, tmp_path / "s2", layout="ucf101", frames=8, size=64, workers=1)
    assert ClipStore.open(tmp_path / "s2").settings["resize"] == "squash"
    assert small.content_hash != report.content_hash
    assert_mirrored(store, *flipped)


def assert_mirrored(store: ClipStore, video: int, window: int) -> None:
    record = store.videos[video]
    plain = read_windows(
        store.source / record.path, lambda _: [list(record.windows[window])], Resize(112, crop=True)
    ).pixels[0]
    stored = store.train.pixels(torch.tensor([video]), window)[0].numpy()
    assert np.array_equal(stored, plain[..., ::-1])


def test_real_h264_files(test_data: Path, tmp_path: Path) -> None:
    report = prepare(test_data / "weizmann", tmp_path / "s", frames=8, size=64, clips=1)
    assert report.videos == 90
    store = ClipStore.open(tmp_path / "s")
    assert (len(store.train), len(store.test)) == (60, 30)
    assert len(set(store.train.groups)) == 6
    assert store.train.decode(torch.arange(60)).std() > 0.5
