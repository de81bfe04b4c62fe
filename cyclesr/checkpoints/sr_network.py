"""SR networks in files: the entry ``sr_network`` of a checkpoint, or a ``.safetensors`` file; each is all it needs."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from cyclesr.checkpoints.reading import _check_is_file, read_checkpoint
from cyclesr.checkpoints.trust import refuse_what_is_no_network
from cyclesr.checkpoints.weights import load_weights
from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES

KEYS = {"config", "scale", "state_dict"}
METADATA = "cyclesr"  # the key in a .safetensors file whose value is the config and the scale, as JSON


def load_sr(path: str | Path, device: str | torch.device = "cpu") -> tuple[nn.Module, int]:
    """Rebuilds the SR network of a checkpoint.

    The file is read as data: no pickled code runs, and only a class of networks is built from what it says.

    Args:
        path: a ``.pth`` or ``.safetensors`` file that training with cyclesr wrote.
        device: where the network goes.

    Returns:
        The network in eval mode, without gradients, and its scale.

    Raises:
        UserError: no such file, a file cut in half, one that would need unpickling, not a checkpoint of cyclesr, or
            weights that do not fit the network that it names.
    """
    entry = read_sr(path)
    network = _build(entry["config"], path)
    load_weights(network, entry["state_dict"], f"The weights in {path} do not fit its network {entry['config']}")
    return network.to(device).eval().requires_grad_(False), int(entry["scale"])


def read_sr(path: str | Path) -> dict[str, Any]:
    """Reads what :func:`save_sr` writes: ``config``, ``scale`` and ``state_dict`` of the SR network of a checkpoint.

    Raises:
        UserError: as for :func:`load_sr`, as far as can be seen without building the network.
    """
    return _checked(path, _safetensors_entry(path) if Path(path).suffix == ".safetensors" else _sr_entry(path))


def save_sr(entry: dict[str, Any], path: str | Path) -> None:
    """Writes an SR network as ``.safetensors``, with its config and scale in the metadata.

    Args:
        entry: ``config``, ``scale`` and ``state_dict``, as in a checkpoint.
        path: of the file.

    Raises:
        OSError: the file cannot be written.
    """
    described = json.dumps({key: entry[key] for key in ("config", "scale")})
    # Copies: the format knows neither strides nor tensors that share memory.
    tensors = {name: t.clone(memory_format=torch.contiguous_format) for name, t in entry["state_dict"].items()}
    try:
        save_file(tensors, path, metadata={"format": "pt", METADATA: described})
    except SafetensorError as error:
        raise OSError(str(error)) from error


def _sr_entry(path: str | Path) -> dict[str, Any]:
    checkpoint = read_checkpoint(path)
    entry = checkpoint.get("sr_network")
    if not isinstance(entry, dict) or not set(entry) >= KEYS:
        keys = sorted(map(str, checkpoint))
        listed = ", ".join(keys[:8]) + (f" and {len(keys) - 8} more" if len(keys) > 8 else "")
        raise UserError(f"{path} is no checkpoint of cyclesr: it lacks the entry 'sr_network'. It holds: {listed}.")
    return entry


def _safetensors_entry(path: str | Path) -> dict[str, Any]:
    _check_is_file(Path(path))
    try:
        with safe_open(path, framework="pt") as file:
            described = json.loads((file.metadata() or {}).get(METADATA, "null"))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"The file {path} is damaged or cut off ({Path(path).stat().st_size} bytes).") from error
    if not isinstance(described, dict) or not {*described, "state_dict"} >= KEYS:
        raise UserError(f"{path} was not written by cyclesr: its metadata has no entry {METADATA!r}.")
    return {**described, "state_dict": weights}


def _checked(path: str | Path, entry: dict[str, Any]) -> dict[str, Any]:
    if not (isinstance(entry["scale"], int) and entry["scale"] >= 1):
        raise UserError(
            f"The checkpoint {path} gives {entry['scale']!r} as its scale; a whole number from 1 on is needed."
        )
    return entry


def _build(config: dict[str, Any], path: str | Path) -> nn.Module:
    """Builds the network, after making sure that it is one: a file must not choose what else is called."""
    kind = config.get("type") if isinstance(config, dict) else None
    if not isinstance(kind, str):
        raise UserError(f"The checkpoint {path} does not name its SR network (sr_network.config.type).")
    SR_BACKBONES.get(kind)  # its error lists the SR networks there are
    refuse_what_is_no_network(config, path)
    return SR_BACKBONES.build(config)
