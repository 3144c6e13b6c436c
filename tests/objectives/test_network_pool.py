"""Networks that take turns: who is picked, how old they are, what they learn, and how they survive an interruption."""

from copy import deepcopy
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.toys import SPEC, plugged_in
from tests.tiny import CLASSES
from tests.tiny import SPEC as LARGER
from vidense.nets import Network, build_network
from vidense.objectives import Step
from vidense.objectives import network_pool as module
from vidense.objectives.network_pool import NetworkPool, Turns
from vidense.parameterizations import Dense
from vidense.seeding import derive

CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def pool(size: int = 3, lifetime: int = 6, built: list | None = None, **options) -> NetworkPool:
    def build(seed: int) -> Network:
        if built is not None:
            built.append(seed)
        return build_network(options.get("network", "toy_flat"), options.get("spec", SPEC), 3, seed=seed)

    return NetworkPool(Turns(size, lifetime), build)


def videos(count: int = 3, spec=SPEC) -> Dense:
    clips = torch.randn(count, *spec.shape, generator=torch.Generator().manual_seed(0))
    return Dense(clips, spec, CLASSES, torch.arange(count) % 3)


def learn(made: NetworkPool, steps, count: int = 3, seed: int = 0) -> None:
    for index in steps:
        step = Step(index, 99, seed)
        made.pick(step, CPU)
        made.train(step, videos(count).frozen(), torch.eye(3)[torch.arange(count) % 3])


def weights(network: Network) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def test_networks_are_made_when_they_are_first_picked():
    built: list[int] = []
    made = pool(4, built=built)
    assert built == []
    picked = {id(made.pick(Step(index, 99, 0), CPU)) for index in range(40)}
    assert len(picked) == len(built) == 4
    assert set(built) == {derive(0, "pool", place, 0) for place in range(4)}


def test_a_picked_network_is_frozen_and_has_no_dropout():
    made = pool()
    for _ in range(2):
        network = made.pick(Step(0, 99, 0), CPU)
        assert not network.training and not any(p.requires_grad for p in network.parameters())
        learn(made, [0])


@settings(max_examples=12)
@given(st.integers(1, 5), st.integers(1, 8))
def test_ages_are_staggered_and_lives_end(size, lifetime):
    made, built = pool(size, lifetime), []
    made._build = lambda seed: built.append(seed) or build_network("toy_flat", SPEC, 3, seed=seed)
    ages = [place * lifetime // size for place in range(size)]
    lives = [0] * size
    seeds = []
    for index in range(3 * size):
        place = int(torch.randint(size, (), generator=Step(index, 99, 0).draw.generator("pool")))
        if (place, lives[place]) not in seeds:
            seeds.append((place, lives[place]))
        learn(made, [index])
        ages[place] += 1
        if ages[place] >= lifetime:
            ages[place], lives[place] = 0, lives[place] + 1
        assert made.state_dict()["lives"] == lives
        assert all(member["age"] == ages[p] for p, member in made.state_dict()["members"].items())
    assert built == [derive(0, "pool", place, life) for place, life in seeds]


def test_a_new_life_is_another_network():
    made = pool(1, 2)
    seen = []
    for index in range(6):
        seen.append(weights(made.pick(Step(index, 99, 0), CPU)).clone())
        learn(made, [index])
    moves = [float((b - a).abs().max()) for a, b in pairwise(seen)]
    # A step of Adam moves a weight by its rate; a new network is far away.
    assert [move < 2e-4 for move in moves] == [True, False, True, False, True]


def test_updates_are_adam_on_the_mean_squared_error():
    made, synthetic, targets = pool(1, 9), videos(), torch.eye(3)
    network = build_network("toy_flat", SPEC, 3, seed=derive(0, "pool", 0, 0))
    adam = torch.optim.Adam(network.parameters(), 1e-4)
    for index in range(3):
        made.train(Step(index, 99, 0), synthetic.frozen(), targets)
        adam.zero_grad()
        torch.nn.MSELoss()(network(synthetic.frames.detach()), targets).backward()
        adam.step()
    found = made.pick(Step(3, 99, 0), CPU)
    assert torch.allclose(weights(found), weights(network), atol=1e-6)
    assert all(parameter.grad is None for parameter in found.parameters())


def test_many_videos_are_learned_from_in_part_and_in_chunks(monkeypatch):
    monkeypatch.setattr(module, "BATCH", 5)
    found = []
    for room in (99, 2):
        monkeypatch.setattr("vidense.objectives.real_batches.CHUNK", {"cpu": room})
        made = pool(1, 9)
        learn(made, [0], count=8)
        found.append(weights(made.pick(Step(1, 99, 0), CPU)))
    chosen = torch.randperm(8, generator=Step(0, 99, 0).draw.generator("online"))[:5]
    network = build_network("toy_flat", SPEC, 3, seed=derive(0, "pool", 0, 0))
    adam = torch.optim.Adam(network.parameters(), 1e-4)
    torch.nn.MSELoss()(network(videos(8).frames.detach()[chosen]), torch.eye(3)[chosen % 3]).backward()
    adam.step()
    assert torch.allclose(found[0], weights(network), atol=1e-6) and torch.allclose(*found, atol=1e-6)


def test_dropout_is_on_and_repeatable_while_a_network_learns():
    found = []
    for seed in (0, 0):
        made = pool(1, 9, network="minic3d", spec=LARGER)
        torch.rand(3)  # whatever else draws from the global generator
        made.train(Step(0, 99, seed), videos(1, LARGER).frozen(), torch.eye(3)[:1])
        found.append(weights(made.pick(Step(1, 99, 0), CPU)))
    assert torch.equal(*found)
    network = build_network("minic3d", LARGER, 3, seed=derive(0, "pool", 0, 0), dropout=0.0)
    adam = torch.optim.Adam(network.parameters(), 1e-4)
    torch.nn.MSELoss()(network(videos(1, LARGER).frames.detach()), torch.eye(3)[:1]).backward()
    adam.step()
    assert not torch.allclose(found[0], weights(network), atol=1e-6)


def test_everything_survives_an_interruption():
    straight, broken = pool(), pool()
    learn(straight, range(12))
    learn(broken, range(7))
    again = pool()
    again.load_state_dict(deepcopy(broken.state_dict()))
    learn(again, range(7, 12))
    one, other = straight.state_dict(), again.state_dict()
    assert one["lives"] == other["lives"] and set(one["members"]) == set(other["members"])
    for place, member in one["members"].items():
        kept = other["members"][place]
        assert member["age"] == kept["age"]
        assert all(torch.equal(tensor, kept["network"][name]) for name, tensor in member["network"].items())
        moments, kept_moments = (state["optimizer"]["state"] for state in (member, kept))
        for weight, values in moments.items():
            assert all(torch.equal(values[name], kept_moments[weight][name]) for name in values)


def test_another_seed_is_another_pool():
    one, other = (weights(pool(1).pick(Step(0, 99, seed), CPU)) for seed in (0, 1))
    assert not torch.equal(one, other)


def test_what_networks_will_take_is_known_from_the_first_one():
    made, untold = pool(4), pool(4)
    learn(made, range(1))
    adam = made.state_dict()["members"].popitem()[1]
    each = sum(t.numel() * t.element_size() for t in adam["network"].values()) * 3
    assert made.bytes_to_come() == 3 * each and untold.bytes_to_come() == 0
    learn(made, range(60))
    assert made.bytes_to_come() == 0
