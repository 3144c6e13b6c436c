"""Animated pictures: frames, their time, and stills."""

import numpy as np
import pytest
from PIL import Image

from tests.data.test_mp4 import pictures
from vidense.data.animation import MILLISECONDS_PER_FRAME, write_animation


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
class TestEveryKind:
    def test_frames_play_in_an_endless_loop(self, tmp_path, kind):
        own = pictures()
        write_animation(tmp_path / "a", own, kind)
        with Image.open(tmp_path / "a") as picture:
            assert (picture.format, picture.n_frames, picture.size) == (kind, 4, (43, 34))
            assert picture.info["loop"] == 0
            for time in range(4):
                picture.seek(time)
                assert np.abs(np.asarray(picture.convert("RGB"), int) - own[time]).mean() < 6
                assert picture.info["duration"] == MILLISECONDS_PER_FRAME

    def test_one_frame_is_a_still(self, tmp_path, kind):
        write_animation(tmp_path / "a", pictures()[:1], kind)
        with Image.open(tmp_path / "a") as picture:
            assert (picture.format, picture.n_frames) == (kind, 1)

    def test_equal_frames_give_equal_bytes(self, tmp_path, kind):
        for name in "ab":
            write_animation(tmp_path / name, pictures(), kind)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
