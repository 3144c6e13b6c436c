"""Format frames: pictures without loss, which `vidense prepare` reads back to the same pixels."""

import numpy as np
import torch
from PIL import Image

from vidense import prepare
from vidense.data.store import ClipStore


def test_every_frame_is_a_picture_without_loss(exported):
    found = exported("frames")
    assert [str(file.relative_to(found.folder)) for file in found.files] == ["ball/00000", "cube/00001", "disc/00002"]
    for number, folder in enumerate(found.files):
        files = sorted(folder.iterdir())
        assert [file.name for file in files] == [f"{time:05}.png" for time in range(4)]
        frames = np.stack([np.asarray(Image.open(file)) for file in files])
        assert np.array_equal(frames, found.dataset.pictures(number))


def test_prepare_gives_back_the_very_clips_that_were_chosen(tiny, tmp_path):
    """Frames of 8x8: square, so that nothing is scaled."""
    dataset, folder = tiny("frames")
    prepare(folder, tmp_path / "store", frames=4, stride=1, size=8, clips=1, workers=1)
    store = ClipStore.open(tmp_path / "store")
    assert store.class_names == dataset.class_names and len(store.train) == 3
    assert torch.equal(store.train.decode(torch.arange(3)), dataset.decode(torch.arange(3)))
