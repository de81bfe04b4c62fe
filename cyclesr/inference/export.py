"""Export of SR networks to the formats of other programs. Every file is read back and its output compared."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

import cyclesr
from cyclesr.checkpoints.sr_network import PUBLIC, load_sr, read_sr, save_sr
from cyclesr.errors import UserError, did_you_mean
from cyclesr.inference.model_card import colours
from cyclesr.inference.onnx_files import OPSETS, halve, read_onnx, write_onnx
from cyclesr.inference.tracing import no_choices
from cyclesr.models.networks.image_channels import channels_of

Upscale: TypeAlias = Callable[[Tensor], Tensor]
Shape: TypeAlias = tuple[int, int, int]  # number of images, height and width in LR pixels

TOLERANCE = 1e-5  # for outputs in [0, 1]; relative to the largest absolute value if that exceeds 1
ONNX_TOLERANCE = 1e-4  # onnxruntime reorders sums
FLOAT16_TOLERANCE = 1 / 255  # a step of an 8-bit image
EVEN = ((1, 64, 64), (1, 48, 80))  # sizes that no program pads, because programs pad differently
ODD = ((1, 64, 64), (1, 37, 51))
SEVERAL = ((3, 48, 80),)


class Options(NamedTuple):
    """Settings of the format ``onnx``."""

    half: bool = False
    opset: int = 17


class Format(NamedTuple):
    """How a file format is written, read back and compared."""

    endings: tuple[str, ...]
    write: Callable[[nn.Module, dict[str, Any], Path, Options], str]  # returns what was compared, in words


def export(checkpoint: str | Path, out: str | Path, format: str, *, half: bool = False, opset: int = 17) -> str:
    """Writes the SR network of a checkpoint for other programs.

    Args:
        checkpoint: as for :func:`~cyclesr.checkpoints.sr_network.load_sr`.
        out: the file to write. An existing file is replaced only after the new one has passed the comparison.
        format: ``onnx`` (``.onnx``: a graph for onnxruntime, TensorRT, DirectML and others), ``spandrel`` (``.pth`` or
            ``.safetensors``: weights as chaiNNer, ComfyUI and others read them), ``safetensors`` (weights under our
            names, with config and scale in the metadata) or ``torchscript`` (``.pt``: the network as a program that
            runs with torch only).
        half: writes an ONNX file in float16.
        opset: version of ONNX's operators.

    Returns:
        What was compared, in words.

    Raises:
        UserError: the format is unknown, the file name has another ending, a package that the format needs is not
            installed, the format does not support the network, the file cannot be written or is the checkpoint, or its
            output differs from the network's by more than 1e-5 (``onnx``: 1e-4 in float32, 1/255 in float16).
    """
    if format not in FORMATS:
        raise UserError(f"format must be one of {', '.join(FORMATS)}, found {format!r}.{did_you_mean(format, FORMATS)}")
    chosen, out = FORMATS[format], Path(out)
    if out.suffix not in chosen.endings:
        raise UserError(f"A file of format {format} must end in {' or '.join(chosen.endings)}, found {out.name}.")
    options = _checked(Options(half, opset), format)
    network = load_sr(checkpoint)[0]
    if out.exists() and out.samefile(checkpoint):
        raise UserError(f"The export would replace the network that it reads, {out}: give another file.")
    unchecked = out.with_name(f".unchecked-{out.name}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            compared = chosen.write(network, read_sr(checkpoint), unchecked, options)
            unchecked.replace(out)
        finally:
            unchecked.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}.") from error
    except UserError as error:
        raise UserError(f"{type(network).__name__} could not be exported as {format}: {error}") from error
    return compared


def _checked(options: Options, format: str) -> Options:
    if options != Options() and format != "onnx":
        raise UserError(f"half and opset are settings of the format onnx, found the format {format}.")
    if options.opset not in OPSETS:
        raise UserError(f"opset must be one of {', '.join(map(str, OPSETS))}, found {options.opset!r}.")
    return options


@torch.no_grad()
def compare(network: nn.Module, other: Upscale, shapes: Sequence[Shape], tolerance: float = TOLERANCE) -> float:
    """Compares the outputs of a network and of another function on uniform noise.

    Args:
        network: the SR network in eval mode, ``(N, C, h, w)`` to ``(N, C, scale*h, scale*w)``.
        other: the function to compare, of the same shapes.
        shapes: numbers of images, heights and widths of the LR images.
        tolerance: largest difference allowed. It is relative to the largest absolute value if that exceeds 1.

    Returns:
        The largest difference found.

    Raises:
        UserError: the outputs differ by more, or one of the two fails.
    """
    worst = 0.0
    for number, *size in shapes:
        lr = torch.rand(number, channels_of(network), *size, generator=torch.Generator().manual_seed(0))
        expected = _run(network, lr, "the network")
        found = _run(other, lr, "the exported file loads, but")
        if found.shape != expected.shape:
            raise UserError(
                f"for an input {tuple(lr.shape)} the exported file's output is {tuple(found.shape)}, the network's is "
                f"{tuple(expected.shape)}."
            )
        difference = (found - expected).abs().max().item() / max(1.0, expected.abs().max().item())
        if not difference <= tolerance:
            raise UserError(
                f"the exported file loads, but its output differs from the network's by {difference:.2g} (at most "
                f"{tolerance:.2g} is allowed)."
            )
        worst = max(worst, difference)
    return worst


def _run(upscale: Upscale, lr: Tensor, who: str) -> Tensor:
    try:
        return upscale(lr.clone())
    except (RuntimeError, ValueError) as error:
        raise UserError(f"{who} fails on images of {lr.shape[-2]}x{lr.shape[-1]} pixels.") from error


def _onnx(network: nn.Module, entry: dict[str, Any], path: Path, options: Options) -> str:
    about = {
        "scale": str(entry["scale"]),
        "channels": str(channels_of(network)),
        "colours": f"{colours(channels_of(network))}, 0 to 1",
        "architecture": str(entry["config"].get("arch", entry["config"]["type"])),
        "precision": "float16" if options.half else "float32",
        "cyclesr_version": cyclesr.__version__,
    }
    difference, any_batch = _written_onnx(network, path, about, options.opset)
    words = f"opset {options.opset}, any height and width, {'any batch' if any_batch else 'batch 1 only'}"
    words += f". onnxruntime differs from the network by {difference:.1g} at most"
    if options.half:
        halve(path)
        difference = compare(network, read_onnx(path), [*ODD, *(SEVERAL if any_batch else ())], FLOAT16_TOLERANCE)
        words += f"; in float16, as written, by {difference:.1g} (a step of an 8-bit image is {FLOAT16_TOLERANCE:.1g})"
    return f"{words}."


def _written_onnx(network: nn.Module, path: Path, about: dict[str, str], opset: int) -> tuple[float, bool]:
    """Writes a file for any number of images, or for one image where the trace has fixed the number.

    Networks with windows compute the number of images from sizes. Where the record holds it as a number, several images
    give a wrong output that may be close to the right one, so they must be as close as one image is.

    Returns:
        The largest difference between the outputs of file and network, and whether several images are possible.
    """
    write_onnx(network, path, about | {"batch": "any"}, opset=opset)
    upscale = read_onnx(path)
    try:
        one = compare(network, upscale, ODD, ONNX_TOLERANCE)
        several = compare(network, upscale, SEVERAL, min(ONNX_TOLERANCE, 10 * one + 1e-6))
        return max(one, several), True
    except UserError:
        write_onnx(network, path, about | {"batch": "1"}, opset=opset, any_batch=False)
        return compare(network, read_onnx(path), ODD, ONNX_TOLERANCE), False


def _spandrel(network: nn.Module, entry: dict[str, Any], path: Path, _options: Options) -> str:
    _write_spandrel(network, entry, path)
    if path.suffix == ".safetensors":
        compare(network, load_sr(path)[0], EVEN)  # this package reads the file, too
    return _equal(compare(network, _read_spandrel(path, int(entry["scale"])), EVEN), "spandrel")


def _safetensors(network: nn.Module, entry: dict[str, Any], path: Path, _options: Options) -> str:
    save_sr(dict(config=entry["config"], scale=entry["scale"], state_dict=network.state_dict()), path)
    return _equal(compare(network, load_sr(path)[0], ODD), "cyclesr")


def _torchscript(network: nn.Module, _entry: dict[str, Any], path: Path, _options: Options) -> str:
    _write_torchscript(network, path)
    return _equal(compare(network, _read_torchscript(path), ODD), "torch.jit")


def _equal(difference: float, reader: str) -> str:
    return f"read back with {reader}, it differs from the network by {difference:.1g} at most."


def _write_spandrel(network: nn.Module, entry: dict[str, Any], path: Path) -> None:
    weights = {name: value.clone(memory_format=torch.contiguous_format) for name, value in network.state_dict().items()}
    to_public = getattr(network, "to_public", None)
    if path.suffix == ".safetensors":  # that this package reads, too
        described = dict(config=entry["config"], scale=entry["scale"], **(dict(layout=PUBLIC) if to_public else {}))
        save_sr({**described, "state_dict": to_public(weights) if to_public else weights}, path)
    else:
        torch.save({"params_ema": to_public(weights) if to_public else weights}, path)


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
            "or any of type Spandrel), or export as onnx or torchscript."
        ) from error
    except Exception as error:  # spandrel mistook the weights for another architecture's; the error can be any
        why = " ".join(map(str.strip, str(error).splitlines()[:2]))  # torch's first line only says of which class
        raise UserError(
            f"spandrel cannot build it from its weights, by which it tells the sizes: {why} Train the architecture "
            "with its usual sizes, or export as onnx or torchscript."
        ) from error


def _write_torchscript(network: nn.Module, path: Path) -> None:
    with warnings.catch_warnings(), no_choices():
        warnings.filterwarnings("ignore", message=".*torch.jit.*")  # is deprecated
        example = torch.rand(1, channels_of(network), *ODD[0][1:])
        traced = _run(lambda lr: torch.jit.trace(network, lr, check_trace=False), example, "tracing the network")
        torch.jit.save(traced, str(path))


def _read_torchscript(path: Path) -> Upscale:
    with warnings.catch_warnings():  # torch.jit is deprecated, but other programs still load its files
        warnings.simplefilter("ignore")
        return torch.jit.load(str(path), map_location="cpu")


FORMATS = {
    "onnx": Format((".onnx",), _onnx),
    "spandrel": Format((".pth", ".safetensors"), _spandrel),
    "safetensors": Format((".safetensors",), _safetensors),
    "torchscript": Format((".pt",), _torchscript),
}
