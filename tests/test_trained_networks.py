"""Networks are trained once for one content and found again."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.small_net import NAME, Linear
from vidense import registry, trained_networks
from vidense.checkpoints import Checkpoint
from vidense.data.real import RealClips
from vidense.data.spec import ClipSpec
from vidense.nets import NETWORKS
from vidense.trained_networks import HOLD_OUT, HoldOut, TrainedNetwork, Training
from vidense.training_recipe import TrainingRecipe
from vidense.trajectories import trajectory_in

SPEC = ClipSpec(8, 43, 43)
RECIPE = TrainingRecipe(steps=2, epochs=0, batch=4, checks=1)


@pytest.fixture
def real() -> RealClips:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 1, *SPEC.shape), dtype=np.uint8)
    labels = torch.arange(8) // 4
    return RealClips(
        SPEC, ["a", "b"], labels, [str(i // 2) for i in range(8)], [pixels], [(0, i) for i in range(8)], "content"
    )


def weights(trained: TrainedNetwork) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in trained.network.state_dict().values()])


def test_trained_once_and_read_back(real: RealClips, tmp_path: Path, fits: list[int]) -> None:
    first = Training(real, "minic3d", 0, RECIPE).network(tmp_path)
    again = Training(real, "minic3d", 0, RECIPE).network(tmp_path)
    assert len(fits) == 1
    assert torch.equal(weights(first), weights(again))
    assert first.fit == again.fit
    assert not again.network.training
    assert again.videos == 4


@pytest.mark.parametrize(
    "change",
    [{"fewer": True}, {"seed": 1}, {"model": "minic3d_bn"}, {"recipe": TrainingRecipe(steps=1, epochs=0)}],
)
def test_anything_else_is_another_network(
    real: RealClips, tmp_path: Path, fits: list[int], change: dict[str, Any]
) -> None:
    call = {"model": "minic3d", "seed": 0, "recipe": RECIPE}
    Training(real, **call).network(tmp_path)
    other = real.subset(torch.arange(len(real) - 1)) if change.pop("fewer", False) else real
    Training(other, **call | change).network(tmp_path)
    assert len(fits) == 2


def test_networks_of_another_version_of_the_training_are_trained_again(
    real: RealClips, tmp_path: Path, fits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    Training(real, "minic3d", 0, RECIPE).network(tmp_path)
    before = trajectory_in(tmp_path, real, "minic3d", 0, RECIPE).folder
    monkeypatch.setattr("vidense.training_recipe.VERSION", 2)
    Training(real, "minic3d", 0, RECIPE).network(tmp_path)
    assert len(fits) == 2 and trajectory_in(tmp_path, real, "minic3d", 0, RECIPE).folder != before


def test_damaged_or_half_written_weights_are_trained_again(real: RealClips, tmp_path: Path, fits: list[int]) -> None:
    first = Training(real, "minic3d", 0, RECIPE).network(tmp_path)
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-100])
    assert torch.equal(weights(first), weights(Training(real, "minic3d", 0, RECIPE).network(tmp_path)))
    file.unlink()
    Training(real, "minic3d", 0, RECIPE).network(tmp_path)
    assert len(fits) == 3


def test_an_interrupted_training_goes_on(real: RealClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained_networks, "Checkpoint", partial(Checkpoint, seconds=0))
    recipe = replace(RECIPE, steps=5, checks=3)
    straight = Training(real, "minic3d_bn", 0, recipe).network(tmp_path / "straight")
    began = []

    def killed(done: int, total: int, loss: float) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Training(real, "minic3d_bn", 0, recipe).network(tmp_path / "broken", killed)
    broken = Training(real, "minic3d_bn", 0, recipe).network(tmp_path / "broken", lambda done, *_: began.append(done))
    assert began == [4, 5]
    assert torch.equal(weights(broken), weights(straight)) and broken.fit == straight.fit
    kept = [sorted(file.name for file in (tmp_path / one / "networks").iterdir()) for one in ("broken", "straight")]
    assert kept[0] == kept[1] and len(kept[0]) == 2


def test_nothing_is_held_out_at_share_zero(real: RealClips) -> None:
    training, validation = HoldOut(share=0.0, seed=0).split(real)
    assert (len(training), len(validation)) == (8, 0)
    training, validation = HOLD_OUT.split(real)
    assert (len(training), len(validation)) == (4, 4)
    assert not set(training.groups) & set(validation.groups)


def test_a_precision_left_open_is_the_one_it_becomes_here(real: RealClips, tmp_path: Path, fits: list[int]) -> None:
    Training(real, "minic3d", 0, RECIPE).network(tmp_path)
    Training(real, "minic3d", 0, RECIPE.on(torch.device("cpu"))).network(tmp_path)
    assert len(fits) == 1


def test_a_network_of_a_plug_in_is_trained_again_when_the_plug_in_changes(
    real: RealClips, tmp_path: Path, fits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NETWORKS._items, NAME, Linear)
    for source in ("as it was", "changed", "as it was"):
        monkeypatch.setattr(registry, "foreign_source", lambda item, source=source: source)
        Training(real, NAME, 0, RECIPE).network(tmp_path)
    assert len(fits) == 2


def test_networks_of_ours_are_found_where_they_always_were(real: RealClips) -> None:
    identity = Training(real, "minic3d", 0, RECIPE).identity()
    assert set(identity) == {"data", "model", "options", "seed", "recipe", "hold_out"}
