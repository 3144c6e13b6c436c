"""R3D-18: torchvision's names and sizes, a slow reference, and files that hold something else."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.nets import build_network
from vidense.nets.r3d18 import KINETICS, load_r3d_18

SPEC = ClipSpec(9, 20, 36)


@pytest.fixture(scope="module")
def network():
    network = build_network("r3d_18", SPEC, 5, seed=0)
    # Statistics and gains that are not 0 and 1, or they might stand in the wrong place unnoticed.
    rng = torch.Generator().manual_seed(0)
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_mean", "bias")):
            tensor.copy_(0.1 * torch.randn(tensor.shape, generator=rng))
        elif name.endswith("running_var"):
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=rng))
    return network.eval()


def test_parameters_and_shapes_of_the_published_weights():
    state = build_network("r3d_18", KINETICS, 400, seed=0).state_dict()
    learned = {name: t for name, t in state.items() if "running" not in name and "num_batches" not in name}
    assert sum(t.numel() for t in learned.values()) == 33_371_472
    assert len(state) == 122
    shapes = {
        "stem.0.weight": (64, 3, 3, 7, 7),
        "stem.1.running_var": (64,),
        "layer1.0.conv1.0.weight": (64, 64, 3, 3, 3),
        "layer1.1.conv2.1.bias": (64,),
        "layer2.0.conv1.0.weight": (128, 64, 3, 3, 3),
        "layer2.0.downsample.0.weight": (128, 64, 1, 1, 1),
        "layer3.0.downsample.1.weight": (256,),
        "layer4.1.conv1.1.num_batches_tracked": (),
        "layer4.0.conv2.0.weight": (512, 512, 3, 3, 3),
        "fc.weight": (400, 512),
        "fc.bias": (400,),
    }
    assert {name: tuple(state[name].shape) for name in shapes} == shapes
    assert not any("layer1" in name and "downsample" in name for name in state)


def norm(values: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    parts = (state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    mean, variance, gain, shift = (part.view(-1, 1, 1, 1) for part in parts)
    return (values - mean) / (variance + 1e-5).sqrt() * gain + shift


def slow_scores(clips: Tensor, state: dict[str, Tensor]) -> Tensor:
    """The network written out from its state dict alone."""
    x = F.conv3d(clips.transpose(1, 2), state["stem.0.weight"], stride=(1, 2, 2), padding=(1, 3, 3))
    x = norm(x, state, "stem.1").clamp(min=0)
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            at, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            y = F.conv3d(x, state[f"{at}.conv1.0.weight"], stride=stride, padding=1)
            y = norm(y, state, f"{at}.conv1.1").clamp(min=0)
            y = norm(F.conv3d(y, state[f"{at}.conv2.0.weight"], padding=1), state, f"{at}.conv2.1")
            if f"{at}.downsample.0.weight" in state:
                x = norm(F.conv3d(x, state[f"{at}.downsample.0.weight"], stride=stride), state, f"{at}.downsample.1")
            x = (x + y).clamp(min=0)
    return x.flatten(2).mean(2) @ state["fc.weight"].T + state["fc.bias"]


def test_scores_equal_the_slow_reference(network):
    clips = torch.randn(2, *SPEC.shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found, embedded = network(clips), network.embed(clips)
    assert torch.allclose(found, slow_scores(clips, network.state_dict()), atol=1e-4)
    # 9 x 20 x 36 halved, rounding up: time three times, sides four times.
    assert embedded.shape == (2, 512 * 2 * 2 * 3) and network.embed_size == embedded.shape[1]


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_weights_come_back_from_either_kind_of_file(network, tmp_path, name):
    state = network.state_dict()
    save_file(state, tmp_path / name) if name.endswith("safetensors") else torch.save(state, tmp_path / name)
    loaded = load_r3d_18(tmp_path / name, SPEC)
    assert loaded.classes == 5 and not loaded.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.state_dict().items())


def refused(file: Path, match: str) -> None:
    with pytest.raises(UserError, match=match) as caught:
        load_r3d_18(file, SPEC)
    assert "holds no weights of r3d_18" in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_hold_something_else(network, tmp_path):
    refused(tmp_path / "none.pth", "FileNotFoundError")
    (tmp_path / "text.pth").write_text("weights")
    refused(tmp_path / "text.pth", "torchvision's names")
    (tmp_path / "text.safetensors").write_text("weights")
    refused(tmp_path / "text.safetensors", "SafetensorError")
    state = network.state_dict()
    for change, match in (
        ({"model": state}, "KeyError"),
        ({name: tensor for name, tensor in state.items() if name != "stem.0.weight"}, "Missing key"),
        ({**state, "more": torch.zeros(1)}, "Unexpected key"),
        ({**state, "fc.bias": torch.zeros(4)}, "size mismatch"),
        ([1, 2], "TypeError"),
    ):
        torch.save(change, tmp_path / "other.pth")
        refused(tmp_path / "other.pth", match)


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    torch.save({"fc.weight": Trap()}, tmp_path / "trap.pth")
    refused(tmp_path / "trap.pth", "UnpicklingError")
    assert not (tmp_path / "ran").exists()
