"""Reading the SR network out of a checkpoint: the entry ``sr_network`` is all that inference needs."""

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES

KEYS = {"config", "scale", "state_dict"}


def load_sr(path: str | Path, device: str | torch.device = "cpu") -> tuple[nn.Module, int]:
    """Rebuilds the SR network of a checkpoint.

    The file is read as data: no pickled code runs, and only a class of networks is built from what it says.

    Args:
        path: a ``.pth`` file that training with cyclesr wrote.
        device: where the network goes.

    Returns:
        The network in eval mode, without gradients, and its scale.

    Raises:
        UserError: no such file, a file cut in half, one that would need unpickling, not a checkpoint of cyclesr, or
            weights that do not fit the network that it names.
    """
    entry = _sr_entry(Path(path))
    network = _build(entry["config"], path)
    try:
        network.load_state_dict(entry["state_dict"])
    except RuntimeError as error:
        first = str(error).splitlines()[1:2] or [str(error)]
        raise UserError(
            f"The weights in {path} do not fit its network {entry['config']}: {first[0].strip()}"
        ) from error
    return network.to(device).eval().requires_grad_(False), int(entry["scale"])


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Reads a checkpoint file as plain data, on the CPU.

    Raises:
        UserError: as for :func:`load_sr`.
    """
    path = Path(path)
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"The checkpoint {path} {found}. Give a .pth file, as training writes into its work dir.")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(_refusal(path, error)) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError) as error:
        raise UserError(
            f"The checkpoint {path} is damaged or cut off ({path.stat().st_size} bytes). Copy it again."
        ) from error
    if not isinstance(found, dict):
        raise UserError(f"{path} is no checkpoint of cyclesr: it holds a {type(found).__name__}, not a dict.")
    return found


def _refusal(path: Path, error: pickle.UnpicklingError) -> str:
    if "weights only" not in str(error).lower() and "weights_only" not in str(error):
        return f"The checkpoint {path} is damaged or cut off, or no checkpoint at all. Copy it again."
    return (
        f"The checkpoint {path} holds pickled objects that could run code when loaded, so it is refused. "
        "cyclesr's own checkpoints hold tensors and plain data only."
    )


def _sr_entry(path: Path) -> dict[str, Any]:
    checkpoint = read_checkpoint(path)
    entry = checkpoint.get("sr_network")
    if not isinstance(entry, dict) or not set(entry) >= KEYS:
        keys = sorted(map(str, checkpoint))
        listed = ", ".join(keys[:8]) + (f" and {len(keys) - 8} more" if len(keys) > 8 else "")
        raise UserError(f"{path} is no checkpoint of cyclesr: it lacks the entry 'sr_network'. It holds: {listed}.")
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
    target = SR_BACKBONES.get(kind)
    if not (isinstance(target, type) and issubclass(target, nn.Module)):
        raise UserError(
            f"The checkpoint {path} names {kind!r} as its SR network, which is no class of networks; refused."
        )
    return SR_BACKBONES.build(config)
