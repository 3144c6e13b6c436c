"""Test videos score networks and decide nothing: whatever their labels and pixels are, the same weights are scored."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.small_net import linear, weights
from vidense.condensed import CondensedDataset
from vidense.data.store import ClipStore
from vidense.evaluation.bench import Bench
from vidense.evaluation.measure import TrainSet, evaluate, evaluate_ceiling
from vidense.evaluation.spec import EvalSpec, eval_spec
from vidense.training import predict

from .conftest import write_dataset, write_store

__all__ = ["linear"]
CPU = torch.device("cpu")
PERMUTATIONS = ([5, 4, 3, 2, 1, 0], [2, 3, 4, 5, 0, 1], [1, 3, 5, 0, 2, 4])


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """The weights of every network that was scored on the test split."""
    found: list[torch.Tensor] = []
    original = Bench.scores

    def note(bench: Bench, network: Any) -> dict[str, Any]:
        found.append(weights(network))
        return original(bench, network)

    monkeypatch.setattr(Bench, "scores", note)
    return found


def spec_of(protocol: str, model: str) -> EvalSpec:
    spec = eval_spec(protocol, model, epochs=12)
    return replace(spec, recipe=replace(spec.recipe, lr=0.1, checks=6))


def run(store: ClipStore, spec: EvalSpec, dataset: CondensedDataset) -> dict[str, Any]:
    return evaluate(TrainSet.of(dataset), Bench(store, spec, CPU), [0])[0]


def fresh(path: Path) -> ClipStore:
    """Open a store that knows of no result."""
    shutil.rmtree(path / "cache", ignore_errors=True)
    return ClipStore.open(path)


@pytest.mark.parametrize("protocol", ["clean", "published"])
def test_permuted_test_labels_change_scores_and_no_weight(
    store: ClipStore, dataset: CondensedDataset, scored: list[torch.Tensor], linear: str, protocol: str
) -> None:
    spec, results = spec_of(protocol, linear), []
    for order in [[0, 1, 2, 3, 4, 5], *PERMUTATIONS]:
        opened = fresh(store.path)
        opened.test.labels = opened.test.labels[order]
        results.append(run(opened, spec, dataset))
    assert all(torch.equal(scored[0], other) for other in scored[1:])
    assert len({result["fit"]["selected_step"] for result in results}) == 1
    assert len({tuple(result["fit"]["losses"]) for result in results}) == 1
    assert len({str(result["confusion"]) for result in results}) > 1
    if protocol == "clean":
        # The checks watch validation videos, so they are the same too.
        assert len({str(result["fit"]["checks"]) for result in results}) == 1
        assert {result["legacy_best_on_test"] for result in results} == {None}
    else:
        assert results[0]["fit"]["selected_step"] == spec.recipe.length(3)


@pytest.mark.parametrize("protocol", ["clean", "published"])
def test_other_test_pixels_change_no_weight(
    store: ClipStore, dataset: CondensedDataset, scored: list[torch.Tensor], linear: str, protocol: str
) -> None:
    for number in range(2):
        opened = fresh(store.path)
        if number:
            opened.test._arrays = [255 - shard for shard in opened.test._arrays]
        run(opened, spec_of(protocol, linear), dataset)
    assert torch.equal(*scored)


def test_the_ceiling_is_chosen_without_test_labels(
    tmp_path: Path, scored: list[torch.Tensor], linear: str, store: ClipStore
) -> None:
    steps = []
    for number, order in enumerate(PERMUTATIONS):
        # A store of its own, so that nothing is found in a cache.
        opened = write_store(tmp_path / f"store-{number}")
        opened.test.labels = opened.test.labels[order]
        (result,) = evaluate_ceiling(Bench(opened, spec_of("clean", linear), CPU), [0])
        steps.append(result["fit"]["selected_step"])
    assert all(torch.equal(scored[0], other) for other in scored[1:])
    assert len(set(steps)) == 1


def test_validation_labels_do_choose_so_the_tests_above_could_fail(
    store: ClipStore, dataset: CondensedDataset, scored: list[torch.Tensor], linear: str
) -> None:
    chosen = set()
    for number in range(6):
        opened = fresh(store.path)
        held = opened.train.hold_out(0.2, 0)[1]
        bench = Bench(opened, spec_of("clean", linear), CPU)
        order = torch.randperm(len(held), generator=torch.Generator().manual_seed(number))
        bench.validation[0].labels = held.labels[order]
        (result,) = evaluate(TrainSet.of(dataset), bench, [0])
        best = max(value for _, value in result["fit"]["checks"])
        latest = max(step for step, value in result["fit"]["checks"] if value == best)
        assert result["fit"]["selected_step"] == latest
        chosen.add(latest)
    assert len(chosen) > 1


def test_no_test_video_is_among_those_that_are_trained_on_or_choose(store: ClipStore, linear: str) -> None:
    bench = Bench(store, spec_of("clean", linear), CPU)
    tested = {video.sha256 for video in store.videos if video.split == "test"}
    trained = {video.sha256 for video in store.videos if video.split == "train"}
    assert tested and trained and not tested & trained
    every = store.train.decode(torch.arange(len(store.train)))
    for view in bench.validation:
        for clip in view.decode(torch.arange(len(view.labels))):
            assert any(torch.equal(clip, other) for other in every)
    groups = {video.group for video in store.videos if video.split == "test"}
    assert not groups & {group for view in bench.validation for group in view.groups}


def test_published_watches_all_test_windows_and_holds_nothing_out(store: ClipStore, linear: str) -> None:
    bench = Bench(store, spec_of("published", linear), CPU)
    assert bench.validation == () and len(bench.test) == 3
    for number, view in enumerate(bench.test):
        index = torch.arange(len(store.test))
        assert torch.equal(view.decode(index), store.test.decode(index, window=number))
        assert not view.stochastic and view.labels.tolist() == store.test.labels.tolist()


def test_the_best_on_test_is_a_column_of_its_own_and_never_below_the_score(
    store: ClipStore, dataset: CondensedDataset, tmp_path: Path, linear: str
) -> None:
    result = run(store, spec_of("published", linear), dataset)
    checks = [value for _, value in result["fit"]["checks"]]
    assert result["legacy_best_on_test"] == max(checks)
    assert result["top1"] == pytest.approx(checks[-1])


def test_scores_are_those_of_the_network_by_hand(
    store: ClipStore, dataset: CondensedDataset, tmp_path: Path, linear: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []
    original = Bench.scores
    monkeypatch.setattr(Bench, "scores", lambda bench, net: (kept.append(net), original(bench, net))[1])
    spec = replace(spec_of("clean", linear), windows=3)
    result = run(store, spec, dataset)
    (network,) = kept
    probabilities = torch.zeros(6, 3)
    for window in range(3):
        for video in range(6):
            clip = store.test.decode(torch.tensor([video]), window=window)
            probabilities[video] += network.eval()(clip)[0].detach().softmax(0) / 3
    right = probabilities.argmax(1) == store.test.labels
    assert result["top1"] == pytest.approx(right.float().mean().item())
    assert result["answers"] == 6
    assert predict(network, store.test, spec.recipe).shape == (6, 3)


def test_a_dataset_written_for_the_store_is_what_is_trained_on(store: ClipStore, tmp_path: Path, linear: str) -> None:
    first, second = (write_dataset(tmp_path / str(keys), store, key_frames=keys) for keys in (2, 8))
    spec = spec_of("clean", linear)
    losses = [run(store, spec, found)["fit"]["losses"] for found in (first, second)]
    assert first.content_hash != second.content_hash
    assert losses[0] != losses[1]
