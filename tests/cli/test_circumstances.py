"""Paths that cannot be used, a full disk, too little memory: one sentence each, and no report of a defect."""

import errno
import io
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from tests.data.video_files import write_video
from vidense.checkpoints import Checkpoint
from vidense.cli.circumstances import circumstance


@pytest.fixture
def file(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    return tmp_path / "file"


def test_a_file_where_a_folder_is_needed(refused, store, tmp_path, file):
    (tmp_path / "videos" / "jump").mkdir(parents=True)
    write_video(tmp_path / "videos" / "jump" / "a.mp4")
    for words in (("condense", store, "--method", "random"), ("prepare", tmp_path / "videos", "--workers", 1)):
        line = refused(*words, "--out", file / "x")
        assert f"'{file}" in line and "cannot be used (Not a directory); check the path" in line
    assert file.read_text() == "not a folder"


def test_a_folder_where_a_file_is_needed(refused, vidense, store, tmp_path):
    assert vidense("condense", store, "--out", tmp_path / "run", "--method", "random").code == 0
    (tmp_path / "page.html").mkdir()
    line = refused("report", tmp_path / "run", "-o", tmp_path / "page.html")
    assert f"'{tmp_path / 'page.html'}' cannot be used (Is a directory)" in line
    assert list(tmp_path.glob(".page*")) == []


CUDA = "CUDA out of memory. Tried to allocate 20.50 GiB. GPU 0 has a total capacity of 8.00 GiB.\nOf the allocated"

CPU = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
CPU += "allocate 13107199999868928 bytes. Error code 12 (Cannot allocate memory)"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full; make room"),
        (SafetensorError("Error while serializing: I/O error: No space left (os error 28)"), "the disk is full"),
        (
            torch.OutOfMemoryError(CUDA),
            "memory (CUDA out of memory. Tried to allocate 20.50 GiB); make batches smaller",
        ),
        (
            RuntimeError(CPU),
            "too little memory (you tried to allocate 13107199999868928 bytes); make videos, batches or",
        ),
        (MemoryError(), "the machine has too little memory; make videos"),
        (PermissionError(errno.EACCES, "Permission denied", "cache/jobs"), "'cache/jobs' cannot be used (Permission"),
    ],
)
def test_what_stops_a_command_is_said_in_one_sentence(refused, monkeypatch, error, words):
    def stopped() -> None:
        raise error

    monkeypatch.setattr("vidense.cli.machine.examine", stopped)
    assert words in refused("doctor")


def test_a_checkpoint_on_a_full_disk_says_that_it_is_full(tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *_: Full())
    with pytest.raises((OSError, RuntimeError)) as caught:
        Checkpoint(tmp_path / "c.pt", seconds=0).keep(lambda: {"tensor": torch.zeros(9)})
    assert "the disk is full" in str(circumstance(caught.value))


def test_other_errors_are_defects_still():
    assert circumstance(ValueError("wrong")) is None and circumstance(RuntimeError("shapes")) is None
    assert circumstance(OSError("10 requested and 0 written")) is None
