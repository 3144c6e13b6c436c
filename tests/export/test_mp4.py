"""Format mp4: what browsers need, what comes back, and that `vidense prepare` reads it."""

from fractions import Fraction

import av
import numpy as np

from vidense import prepare
from vidense.data.animation import MILLISECONDS_PER_FRAME
from vidense.data.store import ClipStore


def test_browsers_can_play_it(exported):
    for file in exported("mp4").files:
        with av.open(str(file)) as container:
            (stream,) = container.streams
            assert (stream.codec.name, stream.pix_fmt, stream.frames) == ("h264", "yuv420p", 4)
            # 6x5 pixels: the odd side is made even.
            assert (stream.height, stream.width) == (6, 6)
            assert stream.average_rate == Fraction(1000, MILLISECONDS_PER_FRAME)
        data = file.read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")


def test_each_class_has_its_folder_and_each_video_its_number(exported):
    found = exported("mp4")
    assert [str(file.relative_to(found.folder)) for file in found.files] == [
        "ball/00000.mp4",
        "cube/00001.mp4",
        "disc/00002.mp4",
    ]


def test_prepare_reads_the_folder(exported, tmp_path):
    found = exported("mp4", class_names=["ball", "a/b", "train"])
    report = prepare(found.folder, tmp_path / "store", frames=4, stride=1, size=6, clips=1, workers=1)
    assert report.videos == 3 and not report.bad_files
    store = ClipStore.open(tmp_path / "store")
    assert store.class_names == ("00001-a-b", "ball", "train")
    assert len(store.train) == 3 and store.spec.shape == (4, 3, 6, 6)


def test_frames_come_back_in_their_order(exported):
    found = exported("mp4", "dense")
    for number, file in enumerate(found.files):
        with av.open(str(file)) as container:
            frames = [frame.to_ndarray(format="rgb24")[:, :5] for frame in container.decode(video=0)]
        # Noise loses most of its colour, and little of its light.
        own = found.dataset.pictures(number)
        errors = np.array([[np.abs(_light(a) - _light(b)).mean() for b in own] for a in frames])
        assert (errors.argmin(1) == np.arange(4)).all() and errors.diagonal().max() < 16


def _light(picture: np.ndarray) -> np.ndarray:
    return picture @ np.array([0.299, 0.587, 0.114])
