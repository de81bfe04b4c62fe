"""SR networks in the formats of other programs; every file is read back and compared before it is called done."""

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

TOLERANCE = 1e-5  # of outputs in [0, 1]; of larger ones, in proportion
EVEN = ((64, 64), (48, 80))  # LR pixels, of sizes that no program pads: each pads in its own way
ODD = ((64, 64), (37, 51))


class Format(NamedTuple):
    """How a format is written and read back."""

    endings: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]  # that are compared
    write: Callable[[nn.Module, dict[str, Any], Path], None]
    read: Callable[[Path, int], Upscale]


def export(checkpoint: str | Path, out: str | Path, format: str) -> None:
    """Writes the SR network of a checkpoint for other programs.

    Args:
        checkpoint: as for :func:`~cyclesr.checkpoints.sr_network.load_sr`.
        out: the file to write. What is there stays as it is unless the new file has passed the comparison.
        format: ``spandrel`` (``.pth`` or ``.safetensors``: weights as chaiNNer, ComfyUI and others read them),
            ``safetensors`` (weights under our names, with config and scale in the metadata) or ``torchscript``
            (``.pt``: the network itself, which needs nothing but torch).

    Raises:
        UserError: no such format; another ending; spandrel is not installed or does not know the network; or the file
            does not give the network's own output to 1e-5.
    """
    if format not in FORMATS:
        raise UserError(f"format must be one of {', '.join(FORMATS)}, found {format!r}.{did_you_mean(format, FORMATS)}")
    chosen, out = FORMATS[format], Path(out)
    if out.suffix not in chosen.endings:
        raise UserError(f"A file for {format} ends in {' or '.join(chosen.endings)}, found the name {out.name}.")
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
        raise UserError(f"{type(network).__name__} was not exported for {format}: {error}") from error


@torch.no_grad()
def compare(network: nn.Module, other: Upscale, sizes: tuple[tuple[int, int], ...]) -> None:
    """Compares two ways to upscale, on noise.

    Args:
        network: in eval mode.
        other: ``(1, 3, h, w)`` to ``(1, 3, scale*h, scale*w)``.
        sizes: of LR images.

    Raises:
        UserError: the outputs differ by more than 1e-5, or one of the two fails.
    """
    for size in sizes:
        lr = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
        expected = _run(network, lr, "the network itself")
        found = _run(other, lr, "the file loads, but")
        if found.shape != expected.shape:
            raise UserError(f"the file makes {tuple(found.shape)} of {tuple(lr.shape)}, not {tuple(expected.shape)}.")
        difference = (found - expected).abs().max().item() / max(1.0, expected.abs().max().item())
        if not difference <= TOLERANCE:
            raise UserError(f"the file loads, but gives another image (it differs by {difference:.2g}).")


def _run(upscale: Upscale, lr: Tensor, who: str) -> Tensor:
    try:
        return upscale(lr.clone())
    except (RuntimeError, ValueError) as error:
        raise UserError(f"{who} fails on images of {lr.shape[-2]}x{lr.shape[-1]}.") from error


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
        raise UserError(f"spandrel takes it for {found.architecture.name} x{found.scale}.")
    return found.model.eval()  # what calling the descriptor does, without clamping


def _descriptor(path: Path) -> Any:
    try:
        from spandrel import ModelLoader, UnsupportedModelError
    except ModuleNotFoundError as error:
        raise UserError(
            f"the package {error.name} is not installed, which reads the file back: pip install 'cyclesr[spandrel]'"
        ) from error
    try:
        with warnings.catch_warnings():  # of how its constructors call torch
            warnings.simplefilter("ignore")
            return ModelLoader("cpu").load_from_file(path)
    except UnsupportedModelError as error:
        raise UserError(
            "spandrel does not know this architecture. Train one that it knows (RRDBNet, SRVGGNetCompact, RCAN, or any "
            "of type Spandrel), or export for torchscript."
        ) from error
    except Exception as error:  # of any kind: spandrel took the weights for those of another architecture
        raise UserError(f"spandrel cannot build it from its weights: {str(error).splitlines()[0]}") from error


def _write_safetensors(_network: nn.Module, entry: dict[str, Any], path: Path) -> None:
    save_sr(entry, path)


def _read_safetensors(path: Path, _scale: int) -> Upscale:
    return load_sr(path)[0]


def _write_torchscript(network: nn.Module, _entry: dict[str, Any], path: Path) -> None:
    with warnings.catch_warnings():  # what a trace cannot follow shows in the comparison
        warnings.simplefilter("ignore")
        example = torch.rand(1, 3, *ODD[0])
        traced = _run(lambda lr: torch.jit.trace(network, lr, check_trace=False), example, "what torch traces")
        torch.jit.save(traced, str(path))


def _read_torchscript(path: Path, _scale: int) -> Upscale:
    with warnings.catch_warnings():  # torch.jit is deprecated, and what other programs load
        warnings.simplefilter("ignore")
        return torch.jit.load(str(path), map_location="cpu")


FORMATS = {
    "spandrel": Format((".pth", ".safetensors"), EVEN, _write_spandrel, _read_spandrel),
    "safetensors": Format((".safetensors",), ODD, _write_safetensors, _read_safetensors),
    "torchscript": Format((".pt",), ODD, _write_torchscript, _read_torchscript),
}
