"""The state of a loop, moved and weighed."""

import torch

from vidense.engine.state import moved, size_of


def state():
    clips = torch.zeros(2, 3)
    return {"step": 3, "name": "a", "state": {0: {"buffer": clips}}, "groups": [{"betas": (0.5, 0.9)}, [clips.half()]]}


def test_all_tensors_are_moved_and_the_rest_stays():
    found = moved(state(), torch.device("meta"))
    assert found["state"][0]["buffer"].device.type == found["groups"][1][0].device.type == "meta"
    assert (found["step"], found["name"], found["groups"][0]) == (3, "a", {"betas": (0.5, 0.9)})


def test_what_is_there_already_is_shared():
    here = state()
    assert moved(here, torch.device("cpu"))["state"][0]["buffer"] is here["state"][0]["buffer"]


def test_the_size_is_that_of_all_tensors():
    assert size_of(state()) == 6 * 4 + 6 * 2
