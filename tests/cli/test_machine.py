"""The doctor: right where things are there, and where they are not."""

import json
import socket
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import torch

from vidense.cli import machine
from vidense.hardware import describe, devices


def test_what_is_here():
    found = machine.examine()
    assert list(found) == ["software", "torch", "video", "machine", "extras"]
    assert found["torch"]["torch"] == torch.__version__ and found["torch"]["threads"] == torch.get_num_threads()
    assert found["torch"]["devices"] == devices() and devices()[0].startswith("cpu")
    assert {"h264", "mpeg4"} <= set(found["video"]["reads"])
    assert json.loads(json.dumps(found)) == found


def test_nothing_personal_is_told():
    text = json.dumps(machine.examine())
    assert socket.gethostname() not in text and str(Path.cwd()) not in text


def test_extras_come_with_the_line_that_installs_them(monkeypatch):
    def fake(package: str) -> str:
        if package == "tensorboard":
            return "9.9"
        raise PackageNotFoundError(package)

    monkeypatch.setattr(machine, "version", fake)
    extras = machine.examine()["extras"]
    install = "pip install 'vidense[tensorboard]'"
    assert extras["tensorboard"] == {"installed": True, "version": "9.9", "install": install}
    assert extras["motion"]["installed"] is False and extras["motion"]["version"] is None


def test_the_extras_are_those_of_the_project():
    from tests.source_tree import ROOT

    text = (ROOT / "pyproject.toml").read_text()
    for extra, package in machine.EXTRAS.items():
        line = next(line for line in text.splitlines() if line.startswith(f"{extra} = ["))
        assert package in line


def test_codecs_that_are_missing(monkeypatch):
    monkeypatch.setattr(machine, "CODECS", ("h264", "no_such_codec"))
    assert machine.examine()["video"]["reads"] == ["h264"]


def test_systems_that_do_not_tell_their_memory(monkeypatch):
    def refuse(name: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(machine.os, "sysconf", refuse)
    assert machine.examine()["machine"]["memory"] == "unknown"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "yes"),
        (False, "no"),
        ([], "none"),
        (["a", 1], "a, 1"),
        ({"installed": False, "install": "pip install x"}, "missing; pip install x"),
        ({"installed": True, "version": "1.2"}, "installed, version 1.2"),
        (3, "3"),
    ],
)
def test_values_in_words(value, words):
    from importlib import import_module

    assert import_module("vidense.cli.doctor")._words(value) == words


def test_hardware_names_no_machine():
    found = describe(torch.device("cpu"))
    assert set(found) == {"device", "threads", "python", "torch", "system"}
    assert socket.gethostname() not in json.dumps(found)
