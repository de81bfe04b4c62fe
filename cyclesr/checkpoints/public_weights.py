"""Import of published weights for SR networks with the same layout."""

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from safetensors.torch import load_file
from torch import Tensor

from cyclesr.atomic_write import write_whole
from cyclesr.checkpoints.building import shortened
from cyclesr.checkpoints.layouts import CONTAINERS, find_weights
from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.sr_network import save_sr
from cyclesr.checkpoints.weights import load_weights
from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES


def import_file(path: str | Path, config: dict[str, Any], out: str | Path) -> None:
    """Writes published weights as a ``.safetensors`` file that :func:`~cyclesr.checkpoints.sr_network.load_sr` reads.

    Args:
        path: see :func:`import_weights`.
        config: see :func:`import_weights`.
        out: file to write. An existing file is kept until the new one is complete.

    Raises:
        UserError: see :func:`import_weights`; or ``out`` has another suffix or cannot be written.
    """
    if Path(out).suffix != ".safetensors":
        raise UserError(f"The output must be a .safetensors file, found {out}.")
    entry = import_weights(path, config)
    try:
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        write_whole(Path(out), partial(save_sr, entry))
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}.") from error


def import_weights(path: str | Path, config: dict[str, Any]) -> dict[str, Any]:
    """Converts published weights to the entry ``sr_network`` of a checkpoint.

    A network converts published weights with other names in its method ``from_public``.

    Args:
        path: ``.pth``, ``.pt`` or ``.safetensors`` file with a state dict, or with a dict that contains one, as in
            BasicSR, mmagic and others.
        config: config of ``SR_BACKBONES`` with the sizes of the weights.

    Returns:
        ``config``, ``scale`` and ``state_dict``, which are sufficient for inference.

    Raises:
        UserError: the file or the network does not exist, the file has no weights, or they do not fit the network.
    """
    missing = [key for key in ("type", "scale") if key not in config]
    if missing:
        raise UserError(f"The network needs {' and '.join(missing)}, such as type=IMDN scale=4; found {config}.")
    network = SR_BACKBONES.build(dict(config))
    weights = read_weights(path, network.state_dict())
    rename = getattr(network, "from_public", None)
    complaint = f"The weights in {path} do not fit the network {config}"
    load_weights(network, rename(weights) if rename else weights, complaint)
    return dict(config=dict(config), scale=int(config["scale"]), state_dict=network.state_dict())


def read_weights(path: str | Path, wanted: Collection[str] = ()) -> dict[str, Tensor]:
    """Reads the weights of a file without unpickling objects.

    Args:
        path: ``.safetensors`` file, or a file written by ``torch.save``.
        wanted: names of the network's weights, if known; they keep prefixes that look like those of a file.

    Returns:
        Tensors by name on the CPU, without the dicts and prefixes around them, see
        :mod:`~cyclesr.checkpoints.layouts`. Averaged weights are preferred to others, and a message says so.

    Raises:
        UserError: the file is missing or damaged, needs unpickling, or has no weights.
    """
    safe = Path(path).suffix == ".safetensors"
    found = find_weights(_read_safetensors(path) if safe else read_checkpoint(path), wanted)
    if not found.weights:
        raise UserError(
            f"{path} has no weights: expected a state dict, or a dict with one of the keys {', '.join(CONTAINERS)}."
        )
    if found.averaged:
        print_log(f"{path} holds several weights of the network: taking the average, {found.averaged}.", "current")
    return found.weights


def _read_safetensors(path: str | Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except Exception as error:  # of many types, because the file is damaged
        raise UserError(
            f"The file of weights {path} cannot be read, because it is damaged or no .safetensors file: "
            f"{shortened(error)}."
        ) from error
