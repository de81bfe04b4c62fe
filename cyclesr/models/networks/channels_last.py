"""When networks use their own norm, padding and pixel shuffle: torch's copy channels_last images to another format.

On CUDA, ``F.group_norm``, ``F.pad(mode="reflect")`` and ``F.pixel_shuffle`` compute on contiguous images. Each of them
copies a channels_last image, and the next convolution copies it back. On CPUs they keep the format.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch
from mmengine.logging import print_log
from torch import Tensor

Operation = Callable[[Tensor], Tensor]


def torch_changes_format(x: Tensor) -> bool:
    """Returns whether torch's own operations would copy ``x``: a channels_last image on a GPU.

    It is False while a network is compiled, exported or traced: compilers fuse torch's operations, and files should
    contain those.
    """
    return x.is_cuda and is_channels_last(x) and not torch.compiler.is_compiling() and not torch.jit.is_tracing()


def is_channels_last(x: Tensor) -> bool:
    """Returns whether ``x`` is ``(N, C, H, W)`` in channels_last, and not contiguous at the same time."""
    return x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


@lru_cache
def agrees(own: Operation, reference: Operation, device: torch.device, dtype: torch.dtype) -> bool:
    """Returns whether an operation works on a device, and gives the values and gradients of torch's.

    It is tried once for each device and type, on an image of 2x4x6x5. The log warns if it is False.
    """
    try:
        with _any_algorithm():
            found, expected = [_values_and_gradient(operation, device, dtype) for operation in (own, reference)]
        tolerance = 0.05 if dtype in (torch.float16, torch.bfloat16) else 1e-4
        close = all(torch.allclose(f, e, tolerance, tolerance) for f, e in zip(found, expected, strict=True))
        reason = "its values differ from torch's"
    except (RuntimeError, NotImplementedError) as error:
        close, reason = False, str(error).partition("\n")[0]
    if not close:
        print_log(
            f"{getattr(own, '__name__', own)} is not used on {device} in {dtype}, which is slower: {reason}.",
            logger="current",
            level=logging.WARNING,
        )
    return close


@contextmanager
def _any_algorithm() -> Iterator[None]:
    """Allows algorithms that are not deterministic: some of torch's operations have no other."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def _values_and_gradient(operation: Operation, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    values = torch.arange(240, dtype=torch.float32, device=device).mul(0.7).sin().view(2, 4, 6, 5)
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast(device.type, enabled=False):
        image = values.to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
        out = operation(image)
        weights = torch.arange(out.numel(), dtype=torch.float32, device=device).cos().view(out.shape).to(dtype)
        (gradient,) = torch.autograd.grad(out, image, weights)
    return out.detach().float(), gradient.float()
