"""Trajectory matching: which expert, which start, which clips; the distance; the learned step size."""

import weakref

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from tests.engine.toys import SPEC, Paired, plugged_in
from tests.tiny import CLASSES, real_clips
from vidense.errors import UserError
from vidense.nets import build_network
from vidense.objectives import Step, TrajectoryMatching
from vidense.objectives import trajectory as module
from vidense.objectives.trajectory import Following, relative_distance
from vidense.objectives.unroll import InnerBatch
from vidense.parameterizations import Dense
from vidense.trajectories import Untrained


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


class Noted(Untrained):
    """An expert that notes which epochs were asked for."""

    def __init__(self, name: str, seen: list) -> None:
        super().__init__("toy_flat", real_clips(spec=SPEC))
        self.name, self.seen = name, seen

    def weights(self, epoch):
        self.seen.append((self.name, epoch))
        return super().weights(epoch)


def objective(seen: list | None = None, experts: int = 3, **options) -> TrajectoryMatching:
    noted = [Noted(str(i), [] if seen is None else seen) for i in range(experts)]
    made = TrajectoryMatching(noted, "toy_flat", Following(**{"syn_steps": 3, "step_size": 0.1, **options}))
    made.prepare(real_clips(spec=SPEC))
    return made


def videos(vpc: int = 2) -> Dense:
    clips = torch.randn(3 * vpc, *SPEC.shape, generator=torch.Generator().manual_seed(1))
    return Dense(clips, SPEC, CLASSES, torch.arange(3).repeat_interleave(vpc))


def value(made: TrajectoryMatching, synthetic, step: Step) -> torch.Tensor:
    return torch.stack(list(made.losses(synthetic, real_clips(spec=SPEC), step))).sum()


def test_the_loss_is_a_training_from_start_to_end_by_hand():
    made, synthetic, step = objective(experts=1), videos(), Step(4, 9, 0)
    loss = value(made, synthetic, step)
    epoch = made.telemetry()["start"]
    network = build_network("toy_flat", SPEC, 3, seed=epoch)
    start, target = (build_network("toy_flat", SPEC, 3, seed=epoch + shift).state_dict() for shift in (0, 1))
    for _ in range(3):
        network.zero_grad()
        functional.cross_entropy(network(synthetic.frames.detach()), synthetic.labels).backward()
        with torch.no_grad():
            for weight in network.parameters():
                weight -= 0.1 * weight.grad
    missed = sum(float((network.state_dict()[n] - target[n]).square().sum()) for n in target)
    whole = sum(float((start[n] - target[n]).square().sum()) for n in target)
    assert loss.item() == pytest.approx(missed / whole, rel=1e-4)


def test_the_distance_is_one_at_the_start_and_none_at_the_target():
    start, target = (Untrained("toy_flat", real_clips(spec=SPEC)).weights(epoch) for epoch in (0, 1))
    assert relative_distance(start, start, target) == 1 and relative_distance(target, start, target) == 0


def test_clips_and_step_size_get_the_gradient_that_differences_find():
    made, synthetic, step = objective(), videos(1), Step(0, 9, 0)
    value(made, synthetic, step).backward()

    def moved(tensor, place, by):
        tensor.data[place] += by
        found = value(made, synthetic, step).item()
        tensor.data[place] -= by
        return found

    largest = synthetic.frames.grad.abs() == synthetic.frames.grad.abs().max()
    place = tuple(int(i) for i in largest.nonzero()[0])
    for tensor, where in ((synthetic.frames, place), (made.step_size, ())):
        by = 0.05
        slope = (moved(tensor, where, by) - moved(tensor, where, -by)) / (2 * by)
        assert tensor.grad[where].item() == pytest.approx(slope, rel=0.05)


def test_all_experts_are_followed_in_random_order_before_any_comes_again():
    seen: list = []
    made = objective(seen)
    for index in range(9):
        value(made, videos(1), Step(index, 9, 3))
    names = [name for name, _ in seen[::2]]
    assert all(sorted(names[i : i + 3]) == ["0", "1", "2"] for i in (0, 3, 6))
    assert len({tuple(names[i : i + 3]) for i in (0, 3, 6)}) > 1
    assert all(target == start + 1 for (_, start), (_, target) in zip(seen[::2], seen[1::2], strict=True))


@given(st.integers(0, 99), st.integers(0, 3), st.integers(1, 5), st.integers(1, 5), st.floats(0.1, 1))
def test_the_range_of_starts_grows_as_difficulty_shall(index, least, first, more, expansion):
    first += least
    following = Following(
        min_start=least, first_max_start=first, max_start=first + more, expansion=expansion, expert_epochs=2
    )
    starts = following.starts(Step(index, 100, 0))
    assert starts.start == least and first <= starts.stop <= first + more
    assert starts.stop == first + more or index < 100 * expansion
    assert following.starts(Step(0, 100, 0)).stop == first
    assert following.epochs == first + more - 1 + 2
    assert Following(min_start=least, max_start=first + more).starts(Step(index, 100, 0)).stop == first + more


@pytest.mark.parametrize(
    "wrong", [{"min_start": 10}, {"min_start": -1}, {"first_max_start": 11}, {"expansion": 0.0}, {"expansion": 1.5}]
)
def test_ranges_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        Following(**wrong)


def shown(made, synthetic, monkeypatch):
    """Return what the updates of an iteration are made on, forwards and then backwards."""
    batches = []
    monkeypatch.setattr(module, "InnerBatch", lambda *parts: batches.append(InnerBatch(*parts)) or batches[-1])
    value(made, synthetic, Step(0, 9, 0)).backward()
    return batches


def test_every_video_is_used_before_any_comes_again(monkeypatch):
    made, synthetic, seen = objective(batch_syn=4, syn_steps=6), videos(2), []
    batches = shown(made, synthetic, monkeypatch)[:6]
    for batch in batches:
        rows = [int((synthetic.frames == clip).flatten(1).all(1).nonzero()) for clip in batch.clips]
        assert torch.equal(batch.labels, synthetic.labels[rows])
        seen += rows
    assert [len(batch.labels) for batch in batches] == [4, 2, 4, 2, 4, 2]
    assert all(sorted(seen[i : i + 6]) == list(range(6)) for i in (0, 6, 12))


def test_stochastic_videos_are_drawn_anew_for_every_update_and_alike_on_the_way_back(monkeypatch):
    still, motions = torch.randn(6, 3, 4, 4), torch.randn(3, *SPEC.shape)
    paired = Paired(still, motions, SPEC, CLASSES, torch.arange(3).repeat_interleave(2))
    batches = shown(objective(syn_steps=4), paired, monkeypatch)
    there, back = batches[:4], batches[:3:-1]
    assert len({batch.clips.detach().sum().item() for batch in there}) > 1
    assert all(torch.equal(one.clips, other.clips) for one, other in zip(there, back, strict=True))
    assert paired.still.grad.abs().sum() > 0 and paired.motions.grad.abs().sum() > 0


def test_stochastic_videos_take_no_more_memory_for_more_updates(monkeypatch):
    """Count the clips that are alive at once: as many for twelve updates as for three."""
    most = {}
    for updates in (3, 12):
        alive = weakref.WeakSet()
        paired = Paired(torch.randn(6, 3, 4, 4), torch.randn(3, *SPEC.shape), SPEC, CLASSES, torch.arange(6) % 3)
        decode, counts = paired.decode, []

        def counting(index, draw=None, decode=decode, alive=alive, counts=counts):
            clips = decode(index, draw)
            alive.add(clips)
            counts.append(len(alive))
            return clips

        monkeypatch.setattr(paired, "decode", counting)
        for loss in objective(syn_steps=updates).losses(paired, None, Step(0, 9, 0)):
            loss.backward()
        assert len(counts) == 2 * updates
        most[updates] = max(counts)
    assert most[12] == most[3] <= 2


def test_the_step_size_is_learned_kept_from_vanishing_and_told():
    made = objective()
    value(made, videos(1), Step(0, 9, 0)).backward()
    assert made.step_size.grad.abs() > 0 and made.groups() == {"step_size": [made.step_size]}
    with torch.no_grad():
        made.step_size.fill_(-3.0)
    made.after_update(videos(1), Step(0, 9, 0))
    assert made.outcome()["step_size"] == pytest.approx(1e-3)


def test_networks_that_mix_clips_are_refused():
    made = TrajectoryMatching([], "minic3d_bn", Following())
    with pytest.raises(UserError, match="minic3d_bn"):
        made.prepare(real_clips())
