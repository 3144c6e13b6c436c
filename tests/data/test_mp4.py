"""Videos in mp4: what browsers need, sides of any length, bytes that repeat."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.data.test_codec import moving
from vidense.data.mp4 import write_mp4


def pictures(height: int = 34, width: int = 43) -> np.ndarray:
    """Return four frames of a spot that moves, ``[T, H, W, 3]``."""
    return moving(1, 4, height, width)[0].transpose(0, 2, 3, 1)


def read(file) -> np.ndarray:
    with av.open(str(file)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.mark.parametrize(("height", "width"), [(34, 44), (33, 44), (34, 43), (33, 43), (2, 2), (1, 1)])
def test_frames_come_back_and_odd_sides_are_made_even(tmp_path, height, width):
    own = pictures(height, width)
    write_mp4(tmp_path / "a.mp4", own, Fraction(25))
    back = read(tmp_path / "a.mp4")
    assert back.shape == (4, height + height % 2, width + width % 2, 3)
    # Not much more than colour at half the resolution costs.
    assert np.abs(back[:, :height, :width].astype(int) - own).mean() < 6


@pytest.mark.parametrize("rate", [Fraction(25, 4), Fraction(12), Fraction(30000, 1001)])
def test_the_rate_is_the_one_asked_for(tmp_path, rate):
    write_mp4(tmp_path / "a.mp4", pictures(), rate)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == rate and stream.frames == 4
        assert stream.duration * stream.time_base == 4 / rate


def test_browsers_can_play_it_while_it_loads(tmp_path):
    write_mp4(tmp_path / "a.mp4", pictures(), Fraction(25))
    data = (tmp_path / "a.mp4").read_bytes()
    assert data[4:8] == b"ftyp" and data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert (container.streams.video[0].codec.name, container.streams.video[0].pix_fmt) == ("h264", "yuv420p")


def test_equal_frames_give_equal_bytes(tmp_path):
    for name in "ab":
        write_mp4(tmp_path / name, pictures(), Fraction(25))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_one_frame_is_a_video_too(tmp_path):
    write_mp4(tmp_path / "a.mp4", pictures()[:1], Fraction(25, 4))
    assert len(read(tmp_path / "a.mp4")) == 1
