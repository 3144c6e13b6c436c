"""What herding and k-center share: features of every video, chosen class by class."""

import pytest
import torch

from tests.engine.toys import SPEC, Flat, plugged_in
from tests.tiny import real_clips, task
from vidense import condense  # noqa: F401 - registers the methods
from vidense.coresets import CHUNK, embed_all, select
from vidense.errors import DivergenceError
from vidense.method import METHODS
from vidense.nets import build_network
from vidense.trained_networks import TrainedNetwork, Training


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def first(features: torch.Tensor, count: int) -> list[int]:
    return list(range(count))


def last(features: torch.Tensor, count: int) -> list[int]:
    return [len(features) - 1 - i for i in range(count)]


@pytest.mark.parametrize("videos", [1, CHUNK, CHUNK + 1])
def test_every_video_is_embedded_once_in_order(videos):
    real, network = real_clips(videos=videos, spec=SPEC), build_network("toy_flat", SPEC, 3, seed=0)
    features = embed_all(network, real)
    assert features.shape == (3 * videos, network.embed_size) and not features.requires_grad
    alone = torch.cat([network.embed(real.decode(torch.tensor([i]))) for i in range(len(real))])
    assert torch.allclose(features, alone, atol=1e-5)


@pytest.mark.parametrize("choose", [first, last])
def test_positions_within_a_class_become_videos_of_that_class(tmp_path, choose):
    of = task(tmp_path, vpc=2, spec=SPEC)
    recipe = select(of, choose, "random", "toy_flat")
    expected = torch.cat([of.real.members(label)[choose(of.real.members(label), 2)] for label in range(3)])
    assert torch.equal(recipe.synthetic.pixels, of.real.pixels(expected))
    assert recipe.synthetic.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert recipe.objective is None and recipe.synthetic.trainable() == {}


def test_a_class_is_judged_by_its_own_features_only(tmp_path):
    seen = []

    def choose(features, count):
        seen.append(features)
        return first(features, count)

    of = task(tmp_path, spec=SPEC)
    select(of, choose, "random", "toy_flat")
    everything = embed_all(build_network("toy_flat", SPEC, 3, seed=of.seed).eval(), of.real)
    assert torch.equal(torch.cat(seen), everything) and [len(part) for part in seen] == [4, 4, 4]


def test_random_features_depend_on_the_seed_of_the_run(tmp_path):
    seen = {}
    for seed in (0, 0, 1):
        select(
            task(tmp_path, seed=seed, spec=SPEC),
            lambda f, n: seen.setdefault(float(f.sum()), [0]),
            "random",
            "toy_flat",
        )
    assert len(seen) == 6


def test_trained_features_are_those_of_the_ceiling_and_are_trained_once(tmp_path, monkeypatch):
    of, seen = task(tmp_path, spec=SPEC), []

    def choose(features, count):
        seen.append(features)
        return first(features, count)

    select(of, choose, "trained", "toy_flat")
    assert [path.suffix for path in sorted((tmp_path / "networks").iterdir())] == [".json", ".safetensors"]
    monkeypatch.setattr("vidense.trained_networks.fit", lambda *args, **named: pytest.fail("trained again"))
    select(of, choose, "trained", "toy_flat")
    assert torch.equal(torch.cat(seen[:3]), torch.cat(seen[3:]))
    trained = Training(of.real, "toy_flat", of.seed).network(tmp_path)
    assert torch.equal(embed_all(trained.network, of.real), torch.cat(seen[:3]))


def test_worthless_features_are_refused(tmp_path, monkeypatch):
    diverged = TrainedNetwork(Flat(SPEC, 3), {"diverged_at": 4}, 12, "0" * 64, 1.0)
    monkeypatch.setattr(Training, "network", lambda *args, **named: diverged)
    with pytest.raises(
        DivergenceError, match=r"a network to choose by \(toy_flat\) diverged while it was trained; take another"
    ):
        select(task(tmp_path, spec=SPEC), first, "trained", "toy_flat")


@pytest.mark.parametrize("name", ["herding", "kcenter"])
def test_one_video_a_class_is_the_one_nearest_its_mean(tmp_path, name):
    # From the store to the recipe.
    of = task(tmp_path, spec=SPEC)
    recipe = METHODS.get(name).recipe(of, {"feature_net": "random", "network": "toy_flat"})
    features = embed_all(build_network("toy_flat", SPEC, 3, seed=0).eval(), of.real)
    for label in range(3):
        members = of.real.members(label)
        nearest = members[(features[members] - features[members].mean(0)).norm(dim=1).argmin()]
        assert torch.equal(recipe.synthetic.pixels[label], of.real.pixels(nearest[None])[0])


@pytest.mark.parametrize("name", ["herding", "kcenter", "random"])
def test_all_videos_of_a_class_are_all_of_them(tmp_path, name):
    of, method = task(tmp_path, vpc=4, spec=SPEC), METHODS.get(name)
    quick = {"feature_net": "random", "network": "toy_flat"}
    options = {key: value for key, value in quick.items() if key in method.options.model.model_fields}
    pixels = method.recipe(of, options).synthetic.pixels
    for label in range(3):
        whole = {clip.numpy().tobytes() for clip in of.real.pixels(of.real.members(label))}
        assert {clip.numpy().tobytes() for clip in pixels[of.labels == label]} == whole
