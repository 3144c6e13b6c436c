"""Stores that are damaged, written by two processes or on a disk that takes no more, and videos that are not there."""

import errno
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.data.test_prepare import SMALL, folder, source
from vidense.data import parts
from vidense.data.pool import DecoderPool
from vidense.data.prepare import prepare
from vidense.data.store import ClipStore
from vidense.errors import UserError
from vidense.locks import OWN_LOCK

__all__ = ["folder", "source"]  # fixtures: pytest finds them by their names in this module


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("train-00000.npy", r"'train-00000\.npy' in .* is damaged or gone; prepare it fresh"),
        ("report.json", r"the report in .* is gone or damaged .*; prepare it fresh"),
        ("index.json", "holds something else; give the path of a new folder"),
    ],
)
@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(file.read_bytes()[:9])])
def test_a_damaged_store_is_told_and_prepared_fresh(
    source: Path, tmp_path: Path, name: str, told: str, damage: Callable[[Path], Any]
) -> None:
    report = prepare(source, tmp_path / "s", **SMALL)
    damage(tmp_path / "s" / name)
    if name == "index.json" and (tmp_path / "s" / name).exists():
        told = "is not readable JSON"
    with pytest.raises(UserError, match=told):
        prepare(source, tmp_path / "s", **SMALL)
    again = prepare(source, tmp_path / "s", fresh=True, **SMALL)
    assert not again.reused
    assert again.content_hash == ClipStore.open(tmp_path / "s").content_hash == report.content_hash


@pytest.mark.parametrize("fresh", [False, True])
def test_what_a_kill_leaves_at_any_time_is_a_place_for_the_store(source: Path, tmp_path: Path, fresh: bool) -> None:
    """Before the plan is written; while the index is; while an earlier store is deleted."""
    (tmp_path / "s" / "parts").mkdir(parents=True)
    (tmp_path / "s" / "parts" / ".plan.json.abcdefgh.json").touch()
    report = prepare(source, tmp_path / "s", fresh=fresh, **SMALL)
    (tmp_path / "s" / ".index.json.abcdefgh.json").touch()
    for name in ("report.json", *(shard.name for shard in (tmp_path / "s").glob("*.npy"))):
        assert prepare(source, tmp_path / "s", fresh=True, **SMALL).content_hash == report.content_hash
        (tmp_path / "s" / name).unlink()
    for shard in (tmp_path / "s").glob("*.npy"):
        shard.unlink()
    assert prepare(source, tmp_path / "s", fresh=True, **SMALL).content_hash == report.content_hash


def test_a_link_in_a_store_leads_nowhere(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "s", **SMALL)
    for name in ("parts", "cache"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        (tmp_path / "mine" / name / "thesis.txt").touch()
        (tmp_path / "s" / name).symlink_to(tmp_path / "mine" / name)
    prepare(source, tmp_path / "s", fresh=True, **SMALL)
    assert len(list((tmp_path / "mine").glob("*/thesis.txt"))) == 2
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "parts").symlink_to(tmp_path / "mine" / "parts")
    with pytest.raises(UserError, match="is a link, which prepare never makes"):
        prepare(source, tmp_path / "t", **SMALL)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("index.json", '{"format": "vidense-store", "version": 1}'),
        ("report.json", '{"counts": [1]}'),
        ("report.json", "[1]"),
    ],
)
def test_files_of_a_store_that_hold_something_else(source: Path, tmp_path: Path, file: str, text: str) -> None:
    prepare(source, tmp_path / "s", **SMALL)
    (tmp_path / "s" / file).write_text(text)
    with pytest.raises(UserError, match=r"damaged .*; prepare it fresh"):
        prepare(source, tmp_path / "s", **SMALL)


@pytest.mark.parametrize("text", ["[]", "{}", '{"rows": 3}'])
def test_a_plan_that_is_none(source: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "s" / "parts").mkdir(parents=True)
    (tmp_path / "s" / "parts" / "plan.json").write_text(text)
    with pytest.raises(UserError, match=r"damaged[:;] prepare it fresh"):
        prepare(source, tmp_path / "s", **SMALL)


def test_bad_files_of_earlier_shards_fail_too(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "SHARD_BYTES", 1)
    (source / "jump" / "jump0.mp4").write_bytes(b"no video")

    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(source, tmp_path / "s", progress=stop, **SMALL)
    with pytest.raises(UserError, match=r"jump0\.mp4' cannot be used"):
        prepare(source, tmp_path / "s", on_error="fail", **SMALL)


def test_one_process_at_a_time_writes_a_store(source: Path, tmp_path: Path) -> None:
    def meanwhile(done: int, total: int) -> None:
        for fresh in (False, True):
            with pytest.raises(UserError, match=r"another process is preparing .*; wait for it"):
                prepare(source, tmp_path / "s", fresh=fresh, **SMALL)

    prepare(source, tmp_path / "s", progress=meanwhile, **SMALL)
    assert prepare(source, tmp_path / "s", **SMALL).reused
    assert not (tmp_path / "s" / OWN_LOCK).exists()


def test_a_write_that_fails_says_why(source: Path, tmp_path: Path) -> None:
    """What tells a full disk is the number of the error, which numpy loses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, hard))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            prepare(source, tmp_path / "s", **SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert not list((tmp_path / "s").glob("*.npy"))
    assert prepare(source, tmp_path / "s", **SMALL).videos == 10


def test_no_more_processes_than_videos(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Counted(DecoderPool):
        def __init__(self, workers: int, timeout_s: float) -> None:
            asked.append(workers)
            super().__init__(workers, timeout_s)

    monkeypatch.setattr("vidense.data.prepare.DecoderPool", Counted)
    prepare(source, tmp_path / "s", **{**SMALL, "workers": 10**6})
    assert asked == [10]


def test_a_link_to_nothing_is_a_missing_video(source: Path, tmp_path: Path) -> None:
    (source / "walk" / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    report = prepare(source, tmp_path / "s", **SMALL)
    assert [(bad.path, bad.reason) for bad in report.bad_files] == [("walk/gone.mp4", "missing")]
    assert "videos that are listed but missing: 1: walk/gone.mp4" in report.warnings
    with pytest.raises(UserError, match=r"gone\.mp4' cannot be used \(missing"):
        prepare(source, tmp_path / "s2", on_error="fail", **SMALL)
