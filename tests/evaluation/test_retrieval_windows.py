"""Where a video is that has several windows, what of it a query may find, and the whole dataset's own row."""

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from tests.small_net import Linear, linear, weights
from vidense.data.spec import DecodedOtherwise
from vidense.evaluation import eval_spec, measure
from vidense.evaluation.bench import Bench
from vidense.evaluation.measure import TrainSet, evaluate, evaluate_ceiling
from vidense.evaluation.retrieval import retrieval_scores
from vidense.training_recipe import TrainingRecipe

__all__ = ["linear"]  # a fixture: pytest finds it by its name in this module

CPU = torch.device("cpu")


def views_of(store, windows: int) -> list[DecodedOtherwise]:
    """Return the test videos as each of their first windows shows them."""
    return [DecodedOtherwise(store.test, False, partial(store.test.decode, window=w)) for w in range(windows)]


def slow_recalls(network, store, windows: int) -> dict[str, list[float]]:
    """Search video by video as the docstring says, at ranks 1, 5, 10 and 20."""

    def place(video: int, window: int | None) -> torch.Tensor:
        """Return where a window of a test video is; None for the stored clip of a training video."""
        clips = (
            store.train.decode(torch.tensor([video])) if window is None else views[window].decode(torch.tensor([video]))
        )
        return network.embed(clips)[0]

    views = views_of(store, windows)
    queries = []
    for video in range(len(store.test)):
        mean = sum(place(video, window) for window in range(windows)) / windows
        queries.append(mean / mean.norm())
    train = [place(video, None) for video in range(len(store.train))]
    galleries = {
        "in_train": lambda video: list(zip(train, store.train.labels.tolist(), strict=True)),
        "in_test": lambda video: [(q, int(store.test.labels[o])) for o, q in enumerate(queries) if o != video],
        "other_sources": lambda video: [
            (q, int(store.test.labels[o]))
            for o, q in enumerate(queries)
            if store.test.groups[o] != store.test.groups[video]
        ],
    }
    found = {}
    for name, gallery_of in galleries.items():
        right: list[list[bool]] = []
        for video, query in enumerate(queries):
            label, gallery = int(store.test.labels[video]), gallery_of(video)
            if any(own == label for _, own in gallery):
                ranked = sorted(gallery, key=lambda item, query=query: -float(query @ item[0]))
                right.append([any(own == label for _, own in ranked[:rank]) for rank in (1, 5, 10, 20)])
        found[name] = [sum(column) / len(right) for column in zip(*right, strict=True)] if right else [None] * 4
    return found


PLAIN = TrainingRecipe(precision="float32")


class Unit(Linear):
    """A network whose embeddings have length 1."""

    def embed(self, clips: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.features(clips), dim=1)


@pytest.mark.parametrize("windows", [1, 2, 3])
def test_a_video_is_where_its_windows_are_on_average(store, windows):
    network = Unit(store.spec, 3).eval()
    found = retrieval_scores(network, views_of(store, windows), store.test, store.train, PLAIN)
    with torch.no_grad():
        wanted = slow_recalls(network, store, windows)
    assert {name: found[name]["recall"] for name in wanted} == {
        name: pytest.approx(recalls) if recalls[0] is not None else recalls for name, recalls in wanted.items()
    }
    assert found["recall1"] == wanted["in_train"][0]


def test_clips_are_shown_as_the_network_was_trained_on_them(store):
    means, recipe = [], TrainingRecipe(precision="float32", batch_standardise=True, test_batch=4)

    class Watching(Unit):
        def embed(self, clips: torch.Tensor) -> torch.Tensor:
            means.append(clips.mean().item())
            assert len(clips) <= 4 and clips.std().item() == pytest.approx(1, abs=1e-4)
            return super().embed(clips)

    retrieval_scores(Watching(store.spec, 3), views_of(store, 1), store.test, store.train, recipe)
    assert means == pytest.approx([0] * len(means), abs=1e-5) and len(means) == 2 + 3


def test_checks_on_test_videos_are_no_figure_of_retrieval(linear, store):
    bench = Bench(store, eval_spec("published", linear, epochs=2, task="retrieve"), CPU)
    (result,) = evaluate(TrainSet(store.train, "all", 0, 8.0), bench, [0])
    assert result["fit"]["checks"] and result["legacy_best_on_test"] is None


def test_a_query_finds_neither_itself_nor_its_siblings(store):
    found = retrieval_scores(Unit(store.spec, 3), views_of(store, 3), store.test, store.train, PLAIN)
    # Two test videos a class, cut from one source each: beside the sibling there is nothing to find.
    assert found["in_test"]["queries"] == 6 and found["other_sources"]["queries"] == 0
    assert found["other_sources"]["recall"] == [None] * 4
    assert found["in_test"]["chance"][0] == pytest.approx(1 / 5)


def test_the_ceiling_of_retrieval_learns_all_training_videos_but_those_held_out(linear, store):
    bench = Bench(store, eval_spec("clean", linear, epochs=1, task="retrieve"), CPU)
    (result,) = evaluate_ceiling(bench, [4])
    kept, held_out = bench.spec.hold_out.split(store.train)
    assert result["videos"] == len(kept) == len(store.train) - len(held_out) > 0
    assert (result["net_seed"], result["condensation_seed"]) == (4, 0) and "top1" not in result
    assert result["recall1"] == result["in_train"]["recall"][0]


def test_ceilings_of_both_tasks_are_jobs_of_their_own_and_found_again(linear, store, monkeypatch):
    benches = [Bench(store, eval_spec("clean", linear, epochs=1, task=task), CPU) for task in ("classify", "retrieve")]
    told: list[str] = []
    first = [evaluate_ceiling(bench, range(2), told.append) for bench in benches]
    assert "top1" in first[0][0] and "recall1" in first[1][0] and len(told) == 4
    assert len(list((store.cache / "jobs").glob("*.json"))) == 4
    monkeypatch.setattr(measure, "_ceiling", lambda *_: pytest.fail("trained again"))
    assert [evaluate_ceiling(bench, range(2)) for bench in benches] == first


def test_networks_of_both_tasks_differ_in_their_head_alone(linear, store):
    made = [Bench(store, eval_spec("clean", linear, task=task), CPU).network(7) for task in ("classify", "retrieve")]
    assert torch.equal(weights(made[0]), weights(made[1].base))
