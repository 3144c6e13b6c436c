"""What is said about the machine: enough to judge a number by, nothing about whose machine it is."""

import getpass
import json
import platform
import resource
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from vidense import hardware
from vidense.hardware import describe, devices, forget_peak, peak_memory

CPU = torch.device("cpu")


def test_what_numbers_depend_on_is_described_as_json():
    told = describe(CPU)
    assert set(told) == {"device", "threads", "python", "torch", "system"}
    assert json.loads(json.dumps(told)) == told
    assert told["threads"] == torch.get_num_threads() and told["torch"] == torch.__version__
    assert told["device"].strip()


def test_neither_host_nor_user_nor_folder_is_named(monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: pytest.fail("the host's name was asked for"))
    text = " ".join(map(str, describe(CPU).values()))
    private = {str(Path.home()), str(Path.cwd()), sys.prefix, getpass.getuser() if Path.home().name else ""}
    assert not [word for word in private if len(word) > 4 and word in text]


def test_a_gpu_goes_by_its_model(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Card {device}")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 123)
    card = torch.device("cuda", 1)
    assert describe(card)["device"] == "Card cuda:1" and peak_memory(card) == 123
    forgotten: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", forgotten.append)
    forget_peak(card), forget_peak(torch.device("cpu"))
    assert forgotten == [card]
    assert devices()[1:] == ["cuda:0 (Card 0)", "cuda:1 (Card 1)"] and devices()[0].startswith("cpu (")


def test_without_a_list_of_processors_another_name_is_found(monkeypatch):
    def missing(*args, **named):
        raise OSError

    monkeypatch.setattr("builtins.open", missing)
    monkeypatch.setattr(platform, "processor", lambda: "")
    assert hardware._cpu_name() == "CPU"
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    assert hardware._cpu_name() == "arm"


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_peak_memory_is_in_bytes_on_every_system(monkeypatch, system, unit):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=7))
    assert peak_memory(CPU) == 7 * unit


def test_peak_memory_is_that_of_a_process_with_torch_in_it():
    first = peak_memory(CPU)
    assert 2**26 < first <= peak_memory(CPU) < 2**40
