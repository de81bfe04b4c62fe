"""Start of a training from pretrained weights of any SR network, which becomes the network of the config."""

from pathlib import Path
from typing import Any

from cyclesr.checkpoints.public_weights import read_weights
from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.sr_network import read_sr
from cyclesr.checkpoints.trust import require_networks
from cyclesr.errors import UserError
from cyclesr.models.backbones.spandrel_weights import recognise


def network_of(path: str | Path) -> dict[str, Any]:
    """Returns the config of the SR network of a file of weights, with ``type`` and ``scale``.

    Args:
        path: ``sr_latest.safetensors`` of a training, or published weights of an architecture that spandrel knows.

    Raises:
        UserError: the file is missing, damaged, or a whole checkpoint, or its network is not recognised.
    """
    if Path(path).suffix == ".safetensors":
        if (own := _of_cyclesr(path)) is not None:
            return own
    elif "sr_network" in read_checkpoint(path):
        raise UserError(
            f"{path} is a checkpoint of a whole training: give its SR network, sr_latest.safetensors beside it."
        )
    return recognise(read_weights(path), str(path)).config


def _of_cyclesr(path: str | Path) -> dict[str, Any] | None:
    """Returns the config in a ``.safetensors`` file of cyclesr; None for another one, or a damaged one."""
    try:
        entry = read_sr(path)
    except UserError:
        return None
    require_networks(entry["config"], path)
    return {**entry["config"], "scale": entry["scale"]}


def start_options(path: str | Path, scale: int | None) -> dict[str, Any]:
    """Returns options (dotted keys) for a training that starts from a file of weights.

    Args:
        path: see :func:`network_of`.
        scale: what the user asked for; None takes that of the network.

    Raises:
        UserError: the network has another scale, or see :func:`network_of`.
    """
    network = network_of(path)
    if scale not in (None, network["scale"]):
        raise UserError(
            f"The weights of {path} enlarge x{network['scale']}, but the scale is {scale}: leave it out, or choose "
            "other weights."
        )
    channels = network.get("image_channels", 3)
    return {
        "scale": network["scale"],
        **({} if channels == 3 else {"channels": channels}),
        "model.sr": {"_delete_": True, **network},
        "load_from": str(Path(path).absolute()),
    }
