"""Self-contained files of SR networks: the entry ``sr_network`` of a checkpoint, or a ``.safetensors`` file."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import nn

from cyclesr.checkpoints.building import build_described, shortened
from cyclesr.checkpoints.reading import _check_is_file, read_checkpoint
from cyclesr.checkpoints.weights import load_weights
from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES

KEYS = {"config", "scale", "state_dict"}
LARGEST_SCALE = 64
METADATA = "cyclesr"  # metadata key of a .safetensors file; its value is the config and the scale, as JSON
PUBLIC = "public"  # "layout" of weights that have the architecture's published names instead of the network's own


class NotOfCyclesrError(UserError):
    """A file of weights that is intact, but was not written by cyclesr."""


def load_sr(path: str | Path, device: str | torch.device = "cpu") -> tuple[nn.Module, int]:
    """Builds the SR network of a checkpoint and loads its weights.

    Loading is safe for untrusted files: no pickled code runs, and the config of the file can only build networks.

    Args:
        path: ``.pth`` or ``.safetensors`` file of a training with cyclesr.
        device: device of the network.

    Returns:
        The network in eval mode, without gradients, and its scale.

    Raises:
        UserError: the file is missing, truncated or damaged, needs unpickling, was not written by cyclesr, or its
            weights do not fit its network.
    """
    entry = read_sr(path)
    network = _build(entry, path)
    weights = entry["state_dict"]
    if entry.get("layout") == PUBLIC and (from_public := getattr(network, "from_public", None)):
        weights = from_public(weights)
    load_weights(network, weights, f"The weights in {path} do not fit its network {shortened(entry['config'])}")
    return network.to(device).eval().requires_grad_(False), int(entry["scale"])


def read_sr(path: str | Path) -> dict[str, Any]:
    """Reads ``config``, ``scale`` and ``state_dict`` of the SR network of a checkpoint, without building the network.

    The entry ``layout`` of a file that was exported for spandrel says that its weights have their published names.

    Args:
        path: see :func:`load_sr`.

    Raises:
        UserError: the file is missing, truncated or damaged, needs unpickling, or was not written by cyclesr.
    """
    if Path(path).suffix == ".safetensors":
        return _checked(path, _safetensors_entry(path))
    return checked_entry(read_checkpoint(path), path)


def save_sr(entry: dict[str, Any], path: str | Path) -> None:
    """Writes an SR network as ``.safetensors``, with its config and scale in the metadata.

    Args:
        entry: ``config``, ``scale`` and ``state_dict``, as in a checkpoint, and ``layout`` as in :func:`read_sr`.
        path: file to write.

    Raises:
        OSError: the file cannot be written.
    """
    described = json.dumps({key: entry[key] for key in ("config", "scale", "layout") if key in entry})
    # Copies, because the format supports neither strides nor tensors that share memory.
    tensors = {name: t.clone(memory_format=torch.contiguous_format) for name, t in entry["state_dict"].items()}
    Path(path).write_bytes(_in_fixed_order(save(tensors, metadata={"format": "pt", METADATA: described})))


def _in_fixed_order(content: bytes) -> bytes:
    """Sorts the metadata of a .safetensors file, whose order is random, so that equal networks are equal files."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # aligns the tensors
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def checked_entry(checkpoint: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """Returns the entry ``sr_network`` of a checkpoint that was read from ``path``.

    Raises:
        UserError: the checkpoint was not written by cyclesr, or its scale is not a whole number in the limits.
    """
    entry = checkpoint.get("sr_network")
    if not isinstance(entry, dict) or not set(entry) >= KEYS:
        keys = [shortened(key, 60) for key in sorted(map(str, checkpoint))]
        listed = ", ".join(keys[:8]) + (f" and {len(keys) - 8} more" if len(keys) > 8 else "")
        raise NotOfCyclesrError(
            f"{path} is not a checkpoint of cyclesr: expected the entry 'sr_network', found {listed}."
        )
    return _checked(path, entry)


def _safetensors_entry(path: str | Path) -> dict[str, Any]:
    _check_is_file(Path(path))
    try:
        with safe_open(path, framework="pt") as file:
            described = json.loads((file.metadata() or {}).get(METADATA, "null"))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (file is not a dict)
    except Exception as error:  # of many types, because the file is damaged
        raise UserError(
            f"The file {path} is damaged or truncated ({Path(path).stat().st_size} bytes): copy it again."
        ) from error
    if not isinstance(described, dict) or not {*described, "state_dict"} >= KEYS:
        raise NotOfCyclesrError(
            f"{path} was not written by cyclesr: its metadata lack the entry {METADATA!r}. Convert published weights "
            "with 'cyclesr import'."
        )
    return {**described, "state_dict": weights}


def _checked(path: str | Path, entry: dict[str, Any]) -> dict[str, Any]:
    scale = entry["scale"]
    if not (isinstance(scale, int) and not isinstance(scale, bool) and 1 <= scale <= LARGEST_SCALE):
        raise UserError(
            f"The scale of the checkpoint {path} must be an integer from 1 to {LARGEST_SCALE}, found "
            f"{shortened(repr(scale))}."
        )
    return entry


def _build(entry: dict[str, Any], path: str | Path) -> nn.Module:
    """Builds the network after checking that its config names only networks, so that a file cannot call other code."""
    config = entry["config"]
    kind = config.get("type") if isinstance(config, dict) else None
    if not isinstance(kind, str):
        raise UserError(f"The checkpoint {path} does not name its SR network (sr_network.config.type).")
    network: nn.Module = build_described(SR_BACKBONES, config, entry["state_dict"], path)
    return network
