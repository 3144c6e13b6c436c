"""Recall@K against a slow reference and cases done by hand; the network that is trained for it."""

import json
from itertools import combinations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from tests.small_net import Linear, linear
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.evaluation import EvaluationRecord, eval_spec, evaluate_run, retrieval
from vidense.evaluation.bench import Bench
from vidense.evaluation.retrieval import RANKS, recall, retrieval_scores
from vidense.nets import build_network
from vidense.nets.metric import SIZE, TEMPERATURE, MetricNetwork

__all__ = ["linear"]  # a fixture: pytest finds it by its name in this module


def unit(*angles: float) -> torch.Tensor:
    """Return points of the circle at angles in degrees."""
    radians = torch.tensor(angles).deg2rad()
    return torch.stack([radians.cos(), radians.sin()], 1)


def test_by_hand():
    gallery, classes = unit(0, 10, 20, 90), torch.tensor([1, 0, 1, 2])
    found = recall(unit(1, 89, 12), torch.tensor([0, 2, 0]), gallery, classes)
    # The first finds class 1 before its own, the second and third their own at once.
    assert found["queries"] == 3 and found["recall"] == pytest.approx([2 / 3, 1, 1, 1])
    assert found["chance"][0] == pytest.approx(1 / 4) and found["chance"][1] == 1


def test_what_is_hidden_is_not_found_and_cannot_be_missed():
    points, classes = unit(0, 1, 50, 51), torch.tensor([0, 0, 1, 1])
    itself, siblings = torch.arange(4), torch.tensor([0, 0, 1, 2])
    assert recall(points, classes, points, classes, hidden=(itself, itself))["recall"][0] == 1
    # Class 0 has nothing left to find; class 1 finds itself.
    assert recall(points, classes, points, classes, hidden=(siblings, siblings)) == {
        "queries": 2,
        "recall": [1.0, 1.0, 1.0, 1.0],
        "chance": pytest.approx([1 / 3, 1, 1, 1]),
    }
    nothing = recall(points, classes, points, classes + 5)
    assert nothing == {"queries": 0, "recall": [None] * 4, "chance": [None] * 4}


def slowly(queries, labels, gallery, classes, hidden, rank):
    """Return Recall@``rank`` query by query, and the chance of it by listing every draw."""
    right, lucky = [], []
    for query, label, unseen in zip(queries, labels, hidden, strict=True):
        seen = [i for i in range(len(gallery)) if not unseen[i]]
        if not any(classes[i] == label for i in seen):
            continue
        ranked = sorted(seen, key=lambda i: -float(query @ gallery[i]))
        right.append(any(classes[i] == label for i in ranked[:rank]))
        draws = list(combinations(seen, min(rank, len(seen))))
        lucky.append(sum(any(classes[i] == label for i in draw) for draw in draws) / len(draws))
    return (sum(right) / len(right), sum(lucky) / len(lucky)) if right else (None, None)


@given(seed=st.integers(0, 10_000), asking=st.integers(1, 4), size=st.integers(1, 7))
def test_equals_the_slow_reference(monkeypatch, seed, asking, size):
    monkeypatch.setattr(retrieval, "BLOCK", 2)
    rng = torch.Generator().manual_seed(seed)
    queries, gallery = (F.normalize(torch.randn(n, 3, generator=rng), dim=1) for n in (asking, size))
    labels, classes = (torch.randint(3, (n,), generator=rng) for n in (asking, size))
    own, others = (torch.randint(3, (n,), generator=rng) for n in (asking, size))
    hidden = own[:, None] == others
    found = recall(queries, labels, gallery, classes, hidden=(own, others))
    for place, rank in enumerate(RANKS):
        wanted = slowly(queries, labels, gallery, classes, hidden, rank)
        assert (found["recall"][place], found["chance"][place]) == pytest.approx(wanted, nan_ok=True)


def test_no_mask_of_all_queries_by_the_whole_gallery_is_made(linear, store, monkeypatch):
    monkeypatch.setattr(retrieval, "BLOCK", 2)
    monkeypatch.setattr(retrieval, "RANKS", (1, 2))
    bench = Bench(store, eval_spec("clean", linear, epochs=1, task="retrieve"), torch.device("cpu"))
    network, seen = bench.network(0), set()

    class Watched(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            found = func(*args, **(kwargs or {}))
            if isinstance(found, torch.Tensor) and found.dtype == torch.bool:
                seen.add(tuple(found.shape))
            return found

    with Watched():
        retrieval_scores(network, bench.test, store.test, bench.gallery, bench.spec.recipe)
    assert (2, len(store.test)) in seen and (len(store.test), len(store.test)) not in seen


def test_embeddings_lie_on_the_sphere_and_scores_are_cosines_with_proxies():
    spec = ClipSpec(8, 43, 43)
    network = MetricNetwork(build_network("minic3d", spec, 5, seed=0), seed=1).eval()
    clips = torch.randn(2, *spec.shape)
    embedded = network.embed(clips)
    assert embedded.shape == (2, SIZE) and torch.allclose(embedded.norm(dim=1), torch.ones(2))
    slow = [[(e @ (p / p.norm())).item() / TEMPERATURE for p in network.proxies] for e in embedded]
    assert torch.allclose(network(clips), torch.tensor(slow), atol=1e-4)
    pooled = network.base.features(clips).mean((2, 3, 4))
    assert torch.allclose(network.features(clips), pooled, atol=1e-6)


def test_a_head_depends_on_its_seed_alone():
    spec = ClipSpec(8, 43, 43)

    def made(seed: int) -> MetricNetwork:
        return MetricNetwork(Linear(spec, 3), seed)

    assert torch.equal(made(1).proxies, made(1).proxies) and not torch.equal(made(1).proxies, made(2).proxies)


def test_an_evaluation_for_retrieval_has_a_file_of_its_own(linear, store, dataset):
    run = dataset.path.parent
    record = evaluate_run(run, store.path, models=(linear,), seeds=2, epochs=2, task="retrieve", baseline_seeds=1)
    assert [row["role"] for row in record.rows] == ["method", "random_equal_vpc", "random_equal_bytes", "ceiling"]
    for row in record.rows:
        assert row["recall1"]["networks"] == 2 and "top1" not in row
        for result in row["results"]:
            assert result["recall1"] == result["in_train"]["recall"][0]
            assert result["in_test"]["queries"] == 6 and result["other_sources"]["queries"] <= 6
    assert not (run / "evaluation.json").exists()
    assert json.loads((run / "retrieval.json").read_text())["task"] == "retrieve"
    assert EvaluationRecord.read(run, "retrieve").to_json() == json.loads(json.dumps(record.to_json()))


def test_retrieval_learns_classes_and_has_hashes_of_its_own():
    assert eval_spec("clean", "minic3d", task="retrieve").hash != eval_spec("clean", "minic3d").hash
    with pytest.raises(UserError, match="learns classes"):
        eval_spec("clean", "minic3d", task="retrieve", labels="soft")
    with pytest.raises(UserError, match="did you mean 'retrieve'"):
        eval_spec("clean", "minic3d", task="retreive")


def test_siblings_share_a_class_and_a_group_for_groups_are_counted_anew_in_every_class(store):
    real = store.test.subset(torch.tensor([0, 1, 2, 3]))
    real.labels, real.groups = torch.tensor([0, 0, 1, 1]), ("g01", "g02", "g01", "g01")
    assert real.sources.tolist() == [0, 1, 2, 2]


def test_other_classes_stay_in_the_gallery_whatever_their_groups_are_called(linear, store):
    bench = Bench(store, eval_spec("clean", linear, epochs=1, task="retrieve"), torch.device("cpu"))
    # Two videos a class, each of a group of its own, whose names every class has.
    store.test.groups = ("g01", "g02") * 3
    found = retrieval_scores(bench.network(0), bench.test, store.test, bench.gallery, bench.spec.recipe)
    # Nothing but the query itself is hidden, so that one of five is right.
    assert found["other_sources"] == found["in_test"] and found["in_test"]["chance"][0] == pytest.approx(1 / 5)
