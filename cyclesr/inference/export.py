"""Export of SR networks to the formats of other programs. Every file is read back and its output compared."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from cyclesr.checkpoints.sr_network import load_sr, read_sr, save_sr
from cyclesr.errors import UserError, did_you_mean

Upscale: TypeAlias = Callable[[Tensor], Tensor]

TOLERANCE = 1e-5  # for outputs in [0, 1]; relative to the largest absolute value if that exceeds 1
EVEN = ((64, 64), (48, 80))  # LR pixels; sizes that no program pads, because programs pad differently
ODD = ((64, 64), (37, 51))


class Format(NamedTuple):
    """How a file format is written and read back."""

    endings: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]  # of the LR images on which outputs are compared
    write: Callable[[nn.Module, dict[str, Any], Path], None]
    read: Callable[[Path, int], Upscale]


def export(checkpoint: str | Path, out: str | Path, format: str) -> None:
    """Writes the SR network of a checkpoint for other programs.

    Args:
        checkpoint: as for :func:`~cyclesr.checkpoints.sr_network.load_sr`.
        out: the file to write. An existing file is replaced only after the new one has passed the comparison.
        format: ``spandrel`` (``.pth`` or ``.safetensors``: weights as chaiNNer, ComfyUI and others read them),
            ``safetensors`` (weights under our names, with config and scale in the metadata) or ``torchscript``
            (``.pt``: the network as a program that runs with torch only).

    Raises:
        UserError: the format is unknown, the file name has another ending, spandrel is not installed or does not
            support the network, or the output of the file differs from the network's by more than 1e-5.
    """
    if format not in FORMATS:
        raise UserError(f"format must be one of {', '.join(FORMATS)}, found {format!r}.{did_you_mean(format, FORMATS)}")
    chosen, out = FORMATS[format], Path(out)
    if out.suffix not in chosen.endings:
        raise UserError(f"A file of format {format} must end in {' or '.join(chosen.endings)}, found {out.name}.")
    network, scale = load_sr(checkpoint)
    unchecked = out.with_name(f".unchecked-{out.name}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            chosen.write(network, read_sr(checkpoint), unchecked)
            compare(network, chosen.read(unchecked, scale), chosen.sizes)
            unchecked.replace(out)
        finally:
            unchecked.unlink(missing_ok=True)
    except (UserError, OSError) as error:
        raise UserError(f"{type(network).__name__} could not be exported as {format}: {error}") from error


@torch.no_grad()
def compare(network: nn.Module, other: Upscale, sizes: tuple[tuple[int, int], ...]) -> None:
    """Compares the outputs of a network and of another function on uniform noise.

    Args:
        network: the SR network in eval mode, ``(1, 3, h, w)`` to ``(1, 3, scale*h, scale*w)``.
        other: the function to compare, of the same shapes.
        sizes: heights and widths of the LR images.

    Raises:
        UserError: the outputs differ by more than 1e-5, or one of the two fails.
    """
    for size in sizes:
        lr = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
        expected = _run(network, lr, "the network")
        found = _run(other, lr, "the exported file loads, but")
        if found.shape != expected.shape:
            raise UserError(
                f"for an input {tuple(lr.shape)} the exported file's output is {tuple(found.shape)}, the network's is "
                f"{tuple(expected.shape)}."
            )
        difference = (found - expected).abs().max().item() / max(1.0, expected.abs().max().item())
        if not difference <= TOLERANCE:
            raise UserError(
                f"the exported file loads, but its output differs from the network's by {difference:.2g} (at most "
                f"{TOLERANCE:g} is allowed)."
            )


def _run(upscale: Upscale, lr: Tensor, who: str) -> Tensor:
    try:
        return upscale(lr.clone())
    except (RuntimeError, ValueError) as error:
        raise UserError(f"{who} fails on images of {lr.shape[-2]}x{lr.shape[-1]} pixels.") from error


def _write_spandrel(network: nn.Module, _entry: dict[str, Any], path: Path) -> None:
    weights = {name: value.clone(memory_format=torch.contiguous_format) for name, value in network.state_dict().items()}
    to_public = getattr(network, "to_public", None)
    weights = to_public(weights) if to_public else weights
    if path.suffix == ".safetensors":
        save_file(weights, path, metadata={"format": "pt"})
    else:
        torch.save({"params_ema": weights}, path)


def _read_spandrel(path: Path, scale: int) -> Upscale:
    found = _descriptor(path)
    if found.scale != scale:
        raise UserError(f"spandrel recognises it as {found.architecture.name} x{found.scale}, not as x{scale}.")
    return found.model.eval()  # calling the descriptor would clamp the output


def _descriptor(path: Path) -> Any:
    try:
        from spandrel import ModelLoader, UnsupportedModelError
    except ModuleNotFoundError as error:
        raise UserError(
            f"the package {error.name}, which reads the file back, is not installed: pip install 'cyclesr[spandrel]'"
        ) from error
    try:
        with warnings.catch_warnings():  # spandrel's constructors call torch functions that warn
            warnings.simplefilter("ignore")
            return ModelLoader("cpu").load_from_file(path)
    except UnsupportedModelError as error:
        raise UserError(
            "spandrel does not support this architecture. Train one that it supports (RRDBNet, SRVGGNetCompact, RCAN, "
            "or any of type Spandrel), or export as torchscript."
        ) from error
    except Exception as error:  # spandrel mistook the weights for another architecture's; the error can be any
        raise UserError(f"spandrel cannot build it from its weights: {str(error).splitlines()[0]}") from error


def _write_safetensors(_network: nn.Module, entry: dict[str, Any], path: Path) -> None:
    save_sr(entry, path)


def _read_safetensors(path: Path, _scale: int) -> Upscale:
    return load_sr(path)[0]


def _write_torchscript(network: nn.Module, _entry: dict[str, Any], path: Path) -> None:
    with warnings.catch_warnings():  # a wrong trace is found by the comparison
        warnings.simplefilter("ignore")
        example = torch.rand(1, 3, *ODD[0])
        traced = _run(lambda lr: torch.jit.trace(network, lr, check_trace=False), example, "tracing the network")
        torch.jit.save(traced, str(path))


def _read_torchscript(path: Path, _scale: int) -> Upscale:
    with warnings.catch_warnings():  # torch.jit is deprecated, but other programs still load its files
        warnings.simplefilter("ignore")
        return torch.jit.load(str(path), map_location="cpu")


FORMATS = {
    "spandrel": Format((".pth", ".safetensors"), EVEN, _write_spandrel, _read_spandrel),
    "safetensors": Format((".safetensors",), ODD, _write_safetensors, _read_safetensors),
    "torchscript": Format((".pt",), ODD, _write_torchscript, _read_torchscript),
}
