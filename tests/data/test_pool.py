import sys
from pathlib import Path

import numpy as np
import pytest

from tests.data.video_files import write_video
from vidense.data import pool as pool_module
from vidense.data.pool import DecoderPool, Failed, Read
from vidense.data.worker import ClipRequest
from vidense.errors import VidenseError


def request(path: Path, frames: int = 4) -> ClipRequest:
    return ClipRequest(str(path), frames, 2, 16, False, (0.0, 0.5), (False, True))


def test_results_come_in_order_and_a_worker_reads_many_files(tmp_path: Path) -> None:
    paths = [write_video(tmp_path / f"{i}.mp4", frames=10 + i) for i in range(7)]
    with DecoderPool(2, 60) as pool:
        found = list(pool.read(request(path) for path in paths))
    assert [r.length for r in found if isinstance(r, Read)] == list(range(10, 17))


def test_flips_mirror_the_clip(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=12)
    plain = ClipRequest(str(path), 4, 2, 16, False, (0.5, 0.5), (False, True))
    with DecoderPool(1, 60) as pool:
        (found,) = pool.read([plain])
    assert isinstance(found, Read)
    assert np.array_equal(found.pixels[0], found.pixels[1][..., ::-1])


WORKER = """
import sys, time, os
out = sys.stdout.buffer
out.write(b"ready\\n"); out.flush()
for line in sys.stdin.buffer:
    if b"hang" in line:
        time.sleep(60)
    if b"crash" in line:
        os._exit(11)
    out.write(b'{"reason": "empty", "detail": "read", "sha256": null}\\n'); out.flush()
"""


def fake_worker(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    real = pool_module.subprocess.Popen

    def start(command: list[str], **options: object) -> object:
        return real([sys.executable, "-c", code], **options)

    monkeypatch.setattr(pool_module.subprocess, "Popen", start)


def test_a_hanging_and_a_crashing_decoder_are_reported_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_worker(monkeypatch, WORKER)
    names = ["good", "hang", "good", "crash", "good"]
    with DecoderPool(1, 1.0) as pool:
        found = list(pool.read(request(Path(name)) for name in names))
    assert [r.reason for r in found if isinstance(r, Failed)] == ["empty", "timeout", "empty", "crashed", "empty"]
    assert "longer than 1 s" in found[1].detail
    assert "code 11" in found[3].detail


def test_leaving_early_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_worker(monkeypatch, WORKER)
    with pytest.raises(KeyboardInterrupt), DecoderPool(2, 60) as pool:
        for _ in pool.read(request(Path(name)) for name in ["good", "hang", "hang", "hang", "hang", "hang", "hang"]):
            raise KeyboardInterrupt
    assert all(worker._process is None for worker in pool._workers)


def test_a_worker_that_cannot_start_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_worker(monkeypatch, "raise ImportError('no av here')")
    with pytest.raises(VidenseError, match=r"(?s)could not start.*no av here"), DecoderPool(1, 60) as pool:
        list(pool.read([request(Path("a"))]))
