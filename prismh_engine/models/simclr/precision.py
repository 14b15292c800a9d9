"""In which precision a training computes: chosen once, by what the machine is, and kept with the run."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from ...errors import BadValueError

OFF, BF16, FP16 = "off", "bf16", "fp16"
_DTYPES = {BF16: torch.bfloat16, FP16: torch.float16}
_FAST_BF16_ON_A_GPU = (8, 0)  # NVIDIA's compute capability that has bf16, and the one that has tensor cores for fp16
_FAST_FP16_ON_A_GPU = (7, 0)


def choose(wanted: str, device: torch.device) -> str:
    """The precision to compute in: off (float32 throughout), bf16 or fp16.

    wanted: auto, off, bf16 or fp16. auto: on a GPU of CUDA or ROCm bf16, on one too old for it fp16; else off.
    A CPU that multiplies bf16 matrices in hardware gains a little in the forward pass and loses more in the backward
    one: with avx512_bf16 a step of any encoder here took 1.1 to 1.8 times as long as in float32.
    Raises `BadValueError` for fp16 on a CPU, and for another word.
    """
    if wanted not in ("auto", OFF, BF16, FP16):
        raise BadValueError(f"mixed_precision must be one of auto, off, bf16, fp16, got {wanted!r}")
    if wanted == FP16 and device.type == "cpu":
        raise BadValueError("mixed_precision is fp16, but a CPU does not compute in it: leave it at auto.")
    if wanted != "auto":
        return wanted
    if device.type != "cuda":
        return OFF
    capability = torch.cuda.get_device_capability(device)
    if torch.version.hip or capability >= _FAST_BF16_ON_A_GPU:
        return BF16
    return FP16 if capability >= _FAST_FP16_ON_A_GPU else OFF


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """A block whose forward passes compute in this precision; weights and gradients stay float32."""
    if precision == OFF:
        return nullcontext()
    return torch.autocast(device.type, dtype=_DTYPES[precision])
