"""SR networks of files for inference: those of cyclesr, and published weights of architectures that are recognised."""

import shlex
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch import nn

from cyclesr.checkpoints.public_weights import read_weights
from cyclesr.checkpoints.sr_network import NotOfCyclesrError, load_sr
from cyclesr.checkpoints.weights import load_weights
from cyclesr.errors import UserError
from cyclesr.models.backbones.spandrel_weights import recognise
from cyclesr.registry import SR_BACKBONES


def load_network(path: str | Path, device: str | torch.device = "cpu") -> tuple[nn.Module, int]:
    """Loads the SR network of a file: of cyclesr, or of any architecture that spandrel recognises.

    Args:
        path: a file as for :func:`~cyclesr.checkpoints.sr_network.load_sr`, or a ``.pth``, ``.pt`` or ``.safetensors``
            file of published weights, see :func:`~cyclesr.checkpoints.public_weights.read_weights`.
        device: device of the network.

    Returns:
        The network in eval mode, without gradients, and its scale.

    Raises:
        UserError: the file is missing, damaged or needs unpickling, or its network is not recognised; the message then
            names the command that imports it.
    """
    try:
        return load_sr(path, device)
    except NotOfCyclesrError as error:
        network, scale = _recognised(path, error)
    return network.to(device).eval().requires_grad_(False), scale


def _recognised(path: str | Path, complaint: UserError) -> tuple[nn.Module, int]:
    try:
        weights = read_weights(path)
    except UserError:
        raise complaint from None
    try:
        found = recognise(weights, str(path))
    except UserError as error:
        out = Path(path).with_suffix(".cyclesr.safetensors").name
        raise UserError(
            f"{path} was not written by cyclesr. {error} If you know its network, import it: cyclesr import "
            f"{shlex.quote(str(path))} {shlex.quote(out)} type=NETWORK scale=SCALE"
        ) from error
    network = SR_BACKBONES.build(dict(found.config))
    load_weights(network, network.from_public(found.weights), f"The weights in {path} do not fit {found.config}")
    print_log(f"{path} was not written by cyclesr. spandrel recognises it: {_described(found.config)}.", "current")
    return network, int(found.config["scale"])


def _described(config: dict[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in config.items() if key != "type")
