"""The choice of number type: by capability, checked against float32, never by the clock."""

import pytest
import torch

from vidense.errors import UserError
from vidense.nets import precision
from vidense.nets.precision import real_dtype

CPU = torch.device("cpu")


@pytest.fixture
def device_with(monkeypatch):
    """Pretend that a device has bfloat16 or not, and how far its features are off."""

    def pretend(capable: bool, error: float) -> None:
        monkeypatch.setattr(precision, "_has_bfloat16", lambda device: capable)
        monkeypatch.setattr(precision, "_feature_error", lambda device: error)

    return pretend


@pytest.mark.parametrize(
    ("requested", "capable", "error", "expected"),
    [
        ("auto", True, 0.003, torch.bfloat16),
        ("auto", True, 0.2, torch.float32),
        ("auto", True, float("inf"), torch.float32),
        ("auto", False, 0.003, torch.float32),
        ("float32", True, 0.003, torch.float32),
        ("bfloat16", False, 0.003, torch.bfloat16),
        ("bfloat16", True, precision.TOLERANCE, torch.bfloat16),
    ],
)
def test_choice(device_with, requested, capable, error, expected):
    device_with(capable, error)
    assert real_dtype(CPU, requested) is expected


def test_asking_for_wrong_numbers_is_refused(device_with):
    device_with(True, 0.25)
    with pytest.raises(UserError, match=r"off by 25\.0%.*float32"):
        real_dtype(CPU, "bfloat16")


def test_an_unknown_word_is_explained():
    with pytest.raises(UserError, match=r"not known.*bfloat16"):
        real_dtype(CPU, "bfloat61")


def test_features_on_this_cpu_agree():
    assert precision._feature_error(CPU) < precision.TOLERANCE


def test_check_runs_once_and_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    precision._feature_error.cache_clear()
    first = real_dtype(CPU, "bfloat16")
    misses = precision._feature_error.cache_info().misses
    assert real_dtype(CPU, "bfloat16") is first
    assert precision._feature_error.cache_info().misses == misses == 1
    assert torch.equal(torch.get_rng_state(), before)


def test_features_that_cannot_be_computed_count_as_wrong(monkeypatch):
    class Broken(torch.nn.Module):
        def place(self, device, dtype=torch.float32):
            self.dtype = dtype
            return self

        def embed(self, clips):
            if self.dtype is torch.bfloat16:
                raise RuntimeError("no kernel")
            return clips.flatten(1)

    monkeypatch.setattr(precision, "build_network", lambda *args, **kwargs: Broken())
    assert precision._feature_error.__wrapped__(CPU) == float("inf")


def test_not_a_number_counts_as_wrong(monkeypatch):
    class Silent(torch.nn.Module):
        def place(self, device, dtype=torch.float32):
            return self

        def embed(self, clips):
            return clips.flatten(1) * float("nan")

    monkeypatch.setattr(precision, "build_network", lambda *args, **kwargs: Silent())
    assert precision._feature_error.__wrapped__(CPU) == float("inf")


def test_a_cpu_whose_torch_hides_the_probes_gets_float32(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert real_dtype(CPU) is torch.float32


def test_other_devices_get_float32():
    assert real_dtype(torch.device("meta")) is torch.float32


@pytest.mark.gpu
def test_a_gpu_with_bfloat16_passes_its_check_or_falls_back():
    device = torch.device("cuda")
    good = precision._feature_error(device) <= precision.TOLERANCE
    expected = torch.bfloat16 if good and torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    assert real_dtype(device) is expected
