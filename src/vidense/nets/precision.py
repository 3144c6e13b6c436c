"""Which number type real clips are embedded in: decided by what the device can do, checked once, never timed."""

from functools import lru_cache

import torch

from vidense.data.spec import ClipSpec
from vidense.errors import UserError, suggest
from vidense.nets.base import build_network
from vidense.seeding import generator

__all__ = ["real_dtype"]

DTYPES = {"auto": torch.float32, "float32": torch.float32, "bfloat16": torch.bfloat16}
TOLERANCE = 3e-2
SMALL, LARGE = ClipSpec(8, 64, 64), ClipSpec(16, 112, 112)


def real_dtype(device: torch.device, requested: str = "auto") -> torch.dtype:
    """Return the type for forward passes of real clips that need no gradient.

    A faster type is never chosen by timing: the same seed must give the same bits on a busy machine.

    Args:
        device: where the network runs.
        requested: ``float32``; ``bfloat16``; or ``auto``, which is bfloat16 where the device computes in it natively
            and miniC3D's features then agree with float32 within 3 %.

    Returns:
        ``torch.float32`` or ``torch.bfloat16``. Convolutions of float32 multiply in TF32 on GPUs that have it, torch's
        default and that of the references; what is to be exact to the last bit runs on a CPU.

    Raises:
        UserError: if ``requested`` is another word, or asks for bfloat16 where its features are wrong.
    """
    if requested not in DTYPES:
        raise UserError(f"precision {requested!r} is not known{suggest(requested, DTYPES)}")
    if requested == "float32" or (requested == "auto" and not _has_bfloat16(device)):
        return torch.float32
    error = _feature_error(device)
    if error <= TOLERANCE:
        return torch.bfloat16
    if requested == "bfloat16":
        raise UserError(
            f"bfloat16 features on {device} are off by {error:.1%}, more than the allowed {TOLERANCE:.0%}; "
            "use precision=float32 or another version of torch"
        )
    return torch.float32


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    # torch has no public name for these; where a release drops them, float32 is the safe answer.
    probes = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(probe() for probe in probes if probe is not None)


@lru_cache(maxsize=16)
def _feature_error(device: torch.device) -> float:
    """Return the relative error of bfloat16 miniC3D features on a device, infinite where it cannot compute them.

    Half-precision Conv3d gave wrong results with some cuDNN versions, for some shapes only; so both of ours are tried
    on a GPU.
    """
    specs = (SMALL, LARGE) if device.type == "cuda" else (SMALL,)
    errors = []
    for spec in specs:
        network = build_network("minic3d", spec, 1, seed=0).place(device)
        clips = torch.randn(4, *spec.shape, generator=generator(0, "precision")).to(device)
        with torch.no_grad():
            exact = network.embed(clips)
            try:
                rough = network.place(device, torch.bfloat16).embed(clips.bfloat16()).float()
            except RuntimeError:
                return float("inf")
        error = ((rough - exact).norm() / exact.norm()).item()
        errors.append(error if error == error else float("inf"))
    return max(errors)
