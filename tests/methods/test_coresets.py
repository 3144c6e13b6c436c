import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import task
from vidense import condense  # noqa: F401 - registers the methods
from vidense.method import METHODS
from vidense.methods.herding import herd
from vidense.methods.kcenter import k_centers

features = st.integers(0, 10_000).map(lambda seed: torch.randn(9, 5, generator=torch.Generator().manual_seed(seed)))


def slow_herding(points: torch.Tensor, count: int) -> list[int]:
    """Herding, by trying every candidate."""
    chosen: list[int] = []
    for size in range(1, count + 1):
        best = {
            i: float((size * points.mean(0) - sum((points[j] for j in [*chosen, i]), torch.zeros(5))).norm())
            for i in range(len(points))
            if i not in chosen
        }
        chosen.append(min(best, key=best.__getitem__))
    return chosen


def slow_k_centers(points: torch.Tensor, count: int) -> list[int]:
    """K-center, by measuring every pair."""
    chosen = [min(range(len(points)), key=lambda i: float((points[i] - points.mean(0)).norm()))]
    while len(chosen) < count:
        rest = [i for i in range(len(points)) if i not in chosen]
        chosen.append(max(rest, key=lambda i: min(float((points[i] - points[j]).norm()) for j in chosen)))
    return chosen


@given(features, st.integers(1, 9))
def test_herding_equals_the_slow_reference(points, count):
    assert herd(points, count) == slow_herding(points, count)


@given(features, st.integers(1, 9))
def test_k_center_equals_the_slow_reference(points, count):
    assert k_centers(points, count) == slow_k_centers(points, count)


@given(features)
def test_both_begin_with_the_sample_nearest_the_mean(points):
    nearest = int((points - points.mean(0)).norm(dim=1).argmin())
    assert herd(points, 1) == k_centers(points, 1) == [nearest]


def test_duplicates_are_never_chosen_twice():
    points = torch.ones(6, 3)
    assert sorted(herd(points, 6)) == sorted(k_centers(points, 6)) == list(range(6))


@pytest.mark.parametrize("name", ["herding", "kcenter"])
def test_chosen_clips_are_real_ones_of_the_right_class(tmp_path, name):
    job = task(tmp_path, vpc=2)
    recipe = METHODS.get(name).recipe(job, {"feature_net": "random", "network": "minic3d"})
    assert recipe.objective is None
    for video, label in enumerate(job.labels.tolist()):
        own = job.real.pixels(job.real.members(label))
        assert any(torch.equal(recipe.synthetic.pixels[video], clip) for clip in own)


def test_random_takes_distinct_videos_and_another_seed_takes_others(tmp_path):
    job = task(tmp_path, vpc=3)
    chosen = job.random_videos()
    assert len(set(chosen.tolist())) == 9
    assert torch.equal(job.real.labels[chosen], job.labels)
    assert torch.equal(chosen, task(tmp_path, vpc=3).random_videos())
    assert not torch.equal(chosen, task(tmp_path, vpc=3, seed=1).random_videos())
