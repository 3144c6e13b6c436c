"""Methods as registered functions: what they are asked, what they return, and what is refused."""

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import SPEC, TowardMeans, plugged_in
from tests.tiny import CLASSES, real_clips, task
from vidense import condense  # noqa: F401 - registers the methods
from vidense.errors import UserError
from vidense.method import METHODS, RATES, Group, Method, Optimizer, Recipe, Task, register_method, resolved
from vidense.option_types import Count, LearningRate, Momentum
from vidense.parameterizations import Dense


@dataclass(frozen=True)
class Window:
    """When something happens.

    Attributes:
        first: share of the run.
        last: share of the run.
    """

    first: float = 0.0
    last: float = 1.0

    def __post_init__(self):
        if self.first > self.last:
            raise UserError(f"first={self.first} is after last={self.last}")


def plain(task: Task, *, lr: LearningRate = 2.0, momentum: Momentum = 0.5, size: Count, window: Window) -> Recipe:
    """Do nothing in particular.

    At length.

    Args:
        task: what to do.
        lr: a rate.
        momentum: of SGD.
        size: how much.
        window: when.
    """
    clips = torch.full((len(task.labels), *task.real.spec.shape), float(size + window.last))
    return Recipe(Dense(clips, task.real.spec, task.real.class_names, task.labels))


@pytest.fixture
def registered():
    lengths = {"small": 1, "published": 2}
    register_method("plain", paper="a paper", stores="clips", iterations=lengths)(plain)
    setting = register_method("fancy", paper="a paper", stores="clips", iterations=lengths, like=plain, size=3, lr=9.0)
    setting(lambda task, **options: plain(task, **options))
    yield METHODS
    for name in ("plain", "fancy"):
        METHODS._items.pop(name)


def test_a_method_is_what_its_function_says(registered):
    method = registered.get("plain")
    assert isinstance(method, Method) and method.summary == "Do nothing in particular."
    assert method.rates == RATES and list(RATES) == sorted(RATES)
    assert method.frames(16, {}) == (16, 16)
    assert list(method.options.model.model_fields) == ["lr", "momentum", "size", "first", "last"]


def test_options_reach_the_function_flat_and_grouped(registered, tmp_path):
    method = registered.get("plain")
    options = method.validate({"size": 2, "last": 0.5})
    assert options == {"lr": 2.0, "momentum": 0.5, "size": 2, "first": 0.0, "last": 0.5}
    assert (method.recipe(task(tmp_path, spec=SPEC), options).synthetic.frames == 2.5).all()


def test_a_setting_of_another_method_has_its_options_with_other_defaults(registered, tmp_path):
    plain_fields, fancy_fields = (registered.get(n).options.model.model_fields for n in ("plain", "fancy"))
    assert {n: f.description for n, f in plain_fields.items()} == {n: f.description for n, f in fancy_fields.items()}
    options = registered.get("fancy").validate({})
    assert (options["size"], options["lr"]) == (3, 9.0)
    assert (registered.get("fancy").recipe(task(tmp_path, spec=SPEC), options).synthetic.frames == 4.0).all()


def test_mistakes_name_the_method_and_all_of_them(registered):
    with pytest.raises(UserError, match=r"options of method 'plain': .*size.*lr=0.*momentum=1|lr=0.*momentum=1.*size"):
        registered.get("plain").validate({"lr": 0, "momentum": 1})


def test_a_group_that_refuses_its_values_does_so_before_anything_is_built(registered):
    with pytest.raises(UserError, match=r"first=0\.9 is after last=0\.1"):
        registered.get("plain").validate({"size": 1, "first": 0.9, "last": 0.1})


def test_a_name_is_taken_once(registered):
    with pytest.raises(ValueError, match="'plain' is registered already"):
        register_method("plain", paper="", stores="", iterations={})(plain)


def test_every_method_of_ours_names_its_source_and_its_lengths():
    for name in METHODS:
        method = METHODS.get(name)
        assert method.paper and method.stores and method.summary.endswith(".")
        assert method.iterations["small"] * 3 <= method.iterations["published"]
        assert all(0 < low < high for low, high in zip(method.rates[:-1], method.rates[1:], strict=True))


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_rates_are_above_zero(rate):
    with pytest.raises(UserError, match="not positive"):
        Group(rate)


@pytest.mark.parametrize("momentum", [-0.1, 1.0, 1.5])
def test_momenta_lie_below_one(momentum):
    with pytest.raises(UserError, match=r"must lie in \[0, 1\)"):
        Group(1.0, momentum)


def test_an_objective_comes_with_an_optimizer_or_not_at_all():
    videos = Dense(torch.zeros(1, *SPEC.shape), SPEC, CLASSES, torch.zeros(1))
    for parts in ({"objective": TowardMeans()}, {"optimizer": Optimizer("sgd", {})}):
        with pytest.raises(ValueError, match="or neither"):
            Recipe(videos, **parts)


def test_a_rate_is_a_number_once_auto_is_resolved():
    assert resolved(0.25) == 0.25
    with pytest.raises(ValueError, match="auto"):
        resolved("auto")


@given(st.integers(1, 4), st.integers(0, 50))
def test_a_task_starts_every_method_from_the_same_videos(vpc, seed):
    real = real_clips(spec=SPEC)
    chosen = Task(real, vpc, seed, None).random_videos()
    assert len(set(chosen.tolist())) == 3 * vpc
    assert torch.equal(real.labels[chosen], Task(real, vpc, seed, None).labels)
    # More videos of a class begin with the fewer, so that runs of other sizes are comparable.
    fewer = Task(real, 1, seed, None).random_videos()
    assert torch.equal(chosen.view(3, vpc)[:, 0], fewer)


def test_draws_of_a_task_depend_on_their_names():
    of = Task(real_clips(spec=SPEC), 1, 0, None)
    one, again, other = (torch.rand(3, generator=of.generator(*keys)) for keys in (("a",), ("a",), ("a", 1)))
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_dm_starts_from_the_shared_videos_or_from_noise(tmp_path):
    with plugged_in():
        dm, of = METHODS.get("dm"), task(tmp_path, vpc=2, spec=SPEC)
        real = dm.recipe(of, dm.validate({"lr": 1.0, "network": "toy_flat"})).synthetic
        noise = dm.recipe(of, dm.validate({"lr": 1.0, "network": "toy_flat", "start": "noise"})).synthetic
    assert torch.equal(real.frames, of.real.decode(of.random_videos()))
    assert abs(float(noise.frames.detach().mean())) < 0.1 and abs(float(noise.frames.detach().std()) - 1) < 0.1
