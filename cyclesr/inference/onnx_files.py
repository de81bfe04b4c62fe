"""ONNX files of SR networks: written by torch, described in their metadata, and run by onnxruntime."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.jit import TracerWarning

from cyclesr.errors import UserError
from cyclesr.inference.tracing import no_choices, single_line
from cyclesr.models.networks.image_channels import channels_of

OPSETS = (16, 17, 18, 19, 20)  # that torch's exporter writes and this package is tested with
EXAMPLE = (73, 101)  # LR pixels; no multiples of a window, so that padding is part of the graph


def write_onnx(
    network: nn.Module, path: Path, about: dict[str, str], *, opset: int = 17, any_batch: bool = True
) -> None:
    """Writes an SR network as ONNX, for images of any height and width.

    torch's tracing exporter (``dynamo=False``) is used. The one built on ``torch.export`` fixed the number of images or
    failed for most networks with windows, and took minutes instead of seconds for them (torch 2.14).

    Args:
        network: the SR network in eval mode, on the CPU.
        path: the file to write.
        about: entries of the file's metadata.
        opset: version of ONNX's operators, one of ``OPSETS``.
        any_batch: whether the number of images may vary; otherwise it is 1.

    Raises:
        UserError: onnx is not installed, or torch cannot write the network as ONNX.
    """
    onnx = _package("onnx")
    axes = {2: "height", 3: "width"} | ({0: "batch"} if any_batch else {})
    example = torch.rand(1, channels_of(network), *EXAMPLE)
    with no_choices(), _silent():
        try:
            torch.onnx.export(
                network,
                (example,),
                str(path),
                dynamo=False,
                input_names=["lr"],
                output_names=["sr"],
                dynamic_axes={"lr": axes, "sr": {axis: f"sr_{name}" if axis else name for axis, name in axes.items()}},
                opset_version=opset,
            )
        except (UserError, TracerWarning):
            raise
        except Exception as error:  # of any kind: networks and torch raise what they like
            raise UserError(f"torch cannot write it as ONNX: {single_line(error)}") from error
    model = onnx.load(path)
    onnx.helper.set_model_props(model, about)
    onnx.save(model, path)


def halve(path: Path) -> None:
    """Converts an ONNX file to float16, including its input and output. Operators that need float32 keep it.

    Raises:
        UserError: onnx or onnxruntime is not installed, or the file cannot be converted.
    """
    onnx = _package("onnx")
    _package("onnxruntime")
    from onnxruntime.transformers.float16 import convert_float_to_float16

    try:
        with warnings.catch_warnings():  # of weights below float16's smallest number, which become that number
            warnings.simplefilter("ignore")
            onnx.save(convert_float_to_float16(onnx.load(path)), path)
    except Exception as error:  # of any kind
        raise UserError(f"it cannot be converted to float16: {single_line(error)}") from error


def read_onnx(path: Path) -> Any:
    """Loads an ONNX file on the CPU as a function from LR to SR images, float32 ``(N, C, h, w)``.

    Raises:
        UserError: onnxruntime is not installed or rejects the file.
    """
    runtime = _package("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # errors are raised; onnxruntime would print them, too
    try:
        session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise UserError(f"onnxruntime rejects the file: {single_line(error)}") from error
    (entry,) = session.get_inputs()
    dtype = torch.float16 if entry.type == "tensor(float16)" else torch.float32

    def upscale(lr: Tensor) -> Tensor:
        try:
            (sr,) = session.run(None, {entry.name: lr.to(dtype).numpy()})
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise RuntimeError(single_line(error)) from error
        return torch.from_numpy(sr).float()

    return upscale


def _package(name: str) -> Any:
    try:
        return __import__(name)
    except ModuleNotFoundError as error:
        raise UserError(
            f"the package {error.name}, which ONNX files need, is not installed: pip install 'cyclesr[onnx]'"
        ) from error


@contextmanager
def _silent() -> Iterator[None]:
    """Ignores torch's deprecation warnings and keeps it from printing the whole graph of a network that fails."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=UserWarning, message="Constant folding")
        if not hasattr(torch._C, "_jit_onnx_log"):
            yield
            return
        with patch.object(torch._C, "_jit_onnx_log", lambda *_: None):
            yield
