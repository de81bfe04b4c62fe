"""Mixed precision: the dtype of autocast and the loss scaler."""

import logging
from typing import Literal, get_args

import torch
from mmengine.logging import print_log

from cyclesr.errors import UserError

Amp = Literal["none", "bf16", "fp16", "auto"]


def has_native_bfloat16(device: torch.device) -> bool:
    """Returns whether the device has instructions for bfloat16.

    A CPU without AVX512-BF16 or AMX emulates bfloat16, which is several times slower than float32.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def autocast_dtype(amp: Amp, device: torch.device) -> torch.dtype | None:
    """Returns the dtype of autocast, or ``None`` for float32.

    Args:
        amp: ``none``; ``bf16``; ``fp16`` with a scaled loss, for GPUs without bfloat16; or ``auto``, which is bfloat16
            if the device has instructions for it, else float32.
        device: device of the networks.

    Raises:
        UserError: ``amp`` has another value.
    """
    if amp not in get_args(Amp):
        raise UserError(f"amp must be one of {', '.join(get_args(Amp))}, found {amp!r}.")
    if amp == "fp16":
        return torch.float16
    native = has_native_bfloat16(device)
    if amp == "bf16" and not native:
        print_log(
            f"This {device.type} emulates bfloat16, which is several times slower than float32: amp='auto' is faster.",
            logger="current",
            level=logging.WARNING,
        )
    return torch.bfloat16 if amp == "bf16" or (amp == "auto" and native) else None


def loss_scaler(dtype: torch.dtype | None, device: torch.device) -> torch.amp.GradScaler:
    """Returns a loss scaler, which prevents underflow of float16 gradients. It is disabled for other dtypes."""
    return torch.amp.GradScaler(device.type, enabled=dtype is torch.float16)
