"""Clips as bitstreams: what comes back, what is refused, and that equal clips give equal bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidense.data import codec
from vidense.data.codec import CODECS, decode_clips, encode_clips
from vidense.errors import UserError


def moving(count: int = 3, length: int = 4, height: int = 34, width: int = 43) -> np.ndarray:
    """Return smooth clips of a spot that moves, each of another colour, on sides that need not be even."""
    y, x = np.mgrid[:height, :width]
    clips = np.zeros((count, length, 3, height, width), dtype=np.uint8)
    for clip in range(count):
        for time in range(length):
            spot = 200 * np.exp(-((x - 5 - 4 * time) ** 2 + (y - 15) ** 2) / 60)
            clips[clip, time] = 30 + spot
            clips[clip, time, clip % 3] = np.minimum(2 * spot, 255)
    return clips


@pytest.mark.parametrize("name", CODECS)
class TestEveryCodec:
    def test_clips_come_back_nearly_as_they_were(self, name):
        clips = moving()
        finest = CODECS[name].qualities[0]
        back = decode_clips(b"".join(encode_clips(clips, name, finest)), name, clips.shape)
        assert back.shape == clips.shape
        # Not more than colour at half the resolution costs.
        assert np.abs(back.astype(int) - clips).mean() < 6

    def test_coarser_is_smaller(self, name):
        sizes = [sum(map(len, encode_clips(moving(), name, quality))) for quality in CODECS[name].qualities]
        assert sizes == sorted(sizes, reverse=True) and sizes[-1] < sizes[0]

    def test_equal_clips_give_equal_bytes(self, name):
        assert list(encode_clips(moving(), name, 30)) == list(encode_clips(moving(), name, 30))

    def test_any_clips_after_the_first_can_be_left_out(self, name):
        clips = moving(5)
        parts = list(encode_clips(clips, name, 30))
        whole = decode_clips(b"".join(parts), name, clips.shape)
        some = decode_clips(parts[0] + parts[3] + parts[2], name, (3, *clips.shape[1:]))
        assert len(parts) == 5 and np.array_equal(some, whole[[0, 3, 2]])

    def test_parts_come_before_all_clips_are_seen(self, name):
        seen = []

        def watched():
            for clip in np.concatenate([moving(5)] * 40):
                seen.append(1)
                yield clip

        next(encode_clips(watched(), name, 40))
        assert len(seen) < 200

    def test_a_stream_of_other_clips_is_refused(self, name):
        clips = moving()
        stream = b"".join(encode_clips(clips, name, 30))
        for shape in ((2, 4, 3, 34, 43), (4, 4, 3, 34, 43), (3, 4, 3, 36, 43), (3, 5, 3, 34, 43)):
            with pytest.raises(ValueError, match="stream"):
                decode_clips(stream, name, shape)
        with pytest.raises(ValueError, match="stream"):
            decode_clips(b"", name, clips.shape)

    @pytest.mark.parametrize("sides", [(16, 16), (17, 65), (43, 43), (112, 30), (128, 128)])
    def test_clips_of_every_size_come_back(self, name, sides):
        clips = moving(2, 3, *sides)
        assert decode_clips(b"".join(encode_clips(clips, name, 30)), name, clips.shape).shape == clips.shape

    @pytest.mark.parametrize("begins_well", [False, True])
    def test_a_frame_that_is_too_large_is_never_decoded(self, name, begins_well, monkeypatch):
        sizes, frames = [], codec._frames

        def watched(decoder, stream):
            for frame in frames(decoder, stream):
                sizes.append(frame.width * frame.height)
                yield frame

        monkeypatch.setattr(codec, "_frames", watched)
        small, large = (list(encode_clips(clips, name, 50)) for clips in (moving(2), moving(1, height=400, width=500)))
        stream = b"".join(small[:1] * begins_well + large)
        with pytest.raises(ValueError, match="other clips than 2 of 4 frames of 34x43"):
            decode_clips(stream, name, (2, 4, 3, 34, 43))
        assert max(sizes, default=0) <= 34 * 44

    @settings(max_examples=20)
    @given(data=st.data())
    def test_damage_is_refused_or_decodes_to_something_of_the_right_shape(self, name, data):
        clips = moving(2)
        stream = bytearray(b"".join(encode_clips(clips, name, 50)))
        for _ in range(data.draw(st.integers(1, 8))):
            stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
        try:
            assert decode_clips(bytes(stream), name, clips.shape).shape == clips.shape
        except ValueError as error:
            assert "stream" in str(error)


def test_an_unknown_codec_is_named():
    with pytest.raises(UserError, match="did you mean 'h264'"):
        next(encode_clips(moving(), "h246", 30))
