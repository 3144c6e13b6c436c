from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from tests.data.video_files import truncate, write_audio, write_video, write_zero_frames
from vidense.data.decode import DecodeError, Resize, decoder_version, read_windows
from vidense.data.sampling import Extent


def first(extent: Extent) -> list[list[int]]:
    return [[0, extent.frames - 1]]


def reason_of(path: Path) -> str:
    with pytest.raises(DecodeError) as caught:
        read_windows(path, first, Resize(16))
    assert caught.value.detail
    return caught.value.reason


@pytest.mark.parametrize(("codec", "name"), [("libx264", "a.mp4"), ("mpeg4", "a.avi"), ("libx264", "a.mkv")])
def test_the_chosen_frames_are_the_exact_ones(tmp_path: Path, codec: str, name: str) -> None:
    path = write_video(tmp_path / name, frames=23, codec=codec)
    found = read_windows(path, lambda extent: [[0, 7, 22], [3, 3, 5]], Resize(32))
    assert found.length == 23
    assert found.pixels.shape == (2, 3, 3, 32, 32)
    assert found.pixels.dtype == np.uint8
    brightness = found.pixels[..., 8:, 8:].mean((2, 3, 4))
    assert np.abs(brightness - (10 + 8 * np.array([[0, 7, 22], [3, 3, 5]]))).max() < 3


def test_the_packets_of_a_file_are_counted_without_being_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, opened, alive, most = write_video(tmp_path / "a.mp4", frames=50), av.open, 0, 0

    class Packet:
        def __init__(self, packet: av.Packet) -> None:
            nonlocal alive, most
            alive += 1
            most = max(most, alive)
            self.size, self.is_discard = packet.size, packet.is_discard

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    @contextmanager
    def watched(name: str) -> Iterator[SimpleNamespace]:
        with opened(name) as container:
            packets = (Packet(packet) for packet in container.demux(video=0))
            yield SimpleNamespace(streams=container.streams, demux=lambda _: packets, decode=container.decode)

    monkeypatch.setattr(av, "open", watched)
    assert read_windows(path, first, Resize(16)).length == 50
    assert 0 < most < 5


def test_squash_and_crop() -> None:
    # Left to right 0..159: what is cut off can be read from what is left.
    ramp = np.broadcast_to(np.arange(160, dtype=np.uint8)[None, :, None], (120, 160, 3))
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(ramp), format="rgb24")
    cropped = Resize(112, crop=True)(frame)
    assert cropped.shape == (3, 112, 112)
    assert np.abs(cropped[0, 0].astype(int) - np.arange(24, 136)).max() <= 1
    squashed = Resize(112)(frame)
    assert squashed.shape == (3, 112, 112)
    assert squashed[0, 0, 0] <= 2
    assert squashed[0, 0, -1] >= 157


def test_missing_and_empty_files(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "absent.mp4") == "missing"
    (tmp_path / "empty.mp4").touch()
    assert reason_of(tmp_path / "empty.mp4") == "empty"


def test_text_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("this is no video\n" * 100)
    assert reason_of(tmp_path / "text.mp4") == "unreadable"


def test_a_truncated_mp4_without_its_index_is_unreadable(tmp_path: Path) -> None:
    assert reason_of(truncate(write_video(tmp_path / "a.mp4", frames=60))) == "unreadable"


@pytest.mark.parametrize("share", [0.4, 0.8])
@pytest.mark.parametrize(("name", "codec"), [("a.avi", "mpeg4"), ("a.mp4", "libx264")])
def test_a_truncated_file_is_noticed_although_its_frames_decode(
    tmp_path: Path, share: float, name: str, codec: str
) -> None:
    # With its index in front, an mp4 opens however short it was cut.
    options = {"movflags": "faststart"} if name == "a.mp4" else None
    path = write_video(tmp_path / name, frames=200, size=(64, 64), codec=codec, options=options)
    assert reason_of(truncate(path, share)) == "truncated"


def test_audio_only(tmp_path: Path) -> None:
    assert reason_of(write_audio(tmp_path / "a.mp4")) == "audio-only"


def test_zero_frames(tmp_path: Path) -> None:
    assert reason_of(write_zero_frames(tmp_path / "a.avi")) == "zero-frame"


@pytest.mark.parametrize("seed", range(8))
def test_corrupted_bytes_never_raise_anything_else(tmp_path: Path, seed: int) -> None:
    path = write_video(tmp_path / "a.mp4", frames=40, size=(64, 64))
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, len(data), 30):
        data[place] = rng.integers(256)
    path.write_bytes(data)
    try:
        found = read_windows(path, first, Resize(16))
    except DecodeError as error:
        assert error.reason in ("unreadable", "truncated", "damaged", "zero-frame")
    else:
        assert found.pixels.shape == (1, 2, 3, 16, 16)


def test_versions_are_named() -> None:
    assert set(decoder_version()) == {"av", "ffmpeg"}


def test_real_xvid_files(test_data: Path) -> None:
    files = sorted((test_data / "raw-samples").rglob("*.avi"))
    assert len(files) == 12
    for path in files[::4]:
        found = read_windows(path, first, Resize(112, crop=True))
        assert found.length > 30
        assert found.pixels.std() > 10
