"""Weights that others published, for the SR networks here that are laid out as theirs."""

from functools import partial
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from cyclesr.atomic_write import write_whole
from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.sr_network import save_sr
from cyclesr.checkpoints.weights import load_weights
from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES

CONTAINERS = ("params_ema", "params", "state_dict", "model_state_dict", "model", "net")
PREFIXES = ("module.", "_orig_mod.", "generator.", "netG.", "netSR.")


def import_file(path: str | Path, config: dict[str, Any], out: str | Path) -> None:
    """Writes published weights as a ``.safetensors`` file that :func:`~cyclesr.checkpoints.sr_network.load_sr` reads.

    Args:
        path, config: as for :func:`import_weights`.
        out: the file to write; what is there is kept until the new file is whole.

    Raises:
        UserError: as for :func:`import_weights`, or ``out`` is named otherwise or cannot be written.
    """
    if Path(out).suffix != ".safetensors":
        raise UserError(f"The file to write is a .safetensors file, found the name {out}.")
    entry = import_weights(path, config)
    try:
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        write_whole(Path(out), partial(save_sr, entry))
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}.") from error


def import_weights(path: str | Path, config: dict[str, Any]) -> dict[str, Any]:
    """Makes the entry ``sr_network`` of a checkpoint from published weights.

    A network whose published weights bear other names renames them in its method ``from_public``.

    Args:
        path: a ``.pth``, ``.pt`` or ``.safetensors`` file of weights, bare or wrapped as BasicSR, mmagic and others do.
        config: of ``SR_BACKBONES``, with the sizes that the weights have.

    Returns:
        ``config``, ``scale`` and ``state_dict``, all that inference needs.

    Raises:
        UserError: no such file or network, no weights in the file, or weights that do not fit the network.
    """
    missing = [key for key in ("type", "scale") if key not in config]
    if missing:
        raise UserError(f"The network needs its {' and '.join(missing)}, such as type=IMDN scale=4; found {config}.")
    weights = read_weights(path)
    network = SR_BACKBONES.build(dict(config))
    rename = getattr(network, "from_public", None)
    complaint = f"The weights in {path} do not fit the network {config}"
    load_weights(network, rename(weights) if rename else weights, complaint)
    return dict(config=dict(config), scale=int(config["scale"]), state_dict=network.state_dict())


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Reads a file of weights as data, without what wraps them.

    Args:
        path: a ``.safetensors`` file, or one that ``torch.save`` wrote.

    Returns:
        Tensors by name, on the CPU; of several sets the averaged one (``params_ema``).

    Raises:
        UserError: no such file, a damaged one, one that would need unpickling, or one without weights.
    """
    if Path(path).suffix == ".safetensors":
        return _without_prefix(_read_safetensors(path))
    found: dict[str, Any] = read_checkpoint(path)
    for name in CONTAINERS:
        if isinstance(found.get(name), dict):
            found = found[name]
            break
    weights = {name: value for name, value in found.items() if isinstance(value, Tensor)}
    if not weights:
        raise UserError(f"{path} holds no weights under any of {', '.join(CONTAINERS)}, nor bare ones.")
    return _without_prefix(weights)


def _read_safetensors(path: str | Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(f"The file of weights {path} cannot be read: {error}") from error


def _without_prefix(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in weights):
            return _without_prefix({name[len(prefix) :]: value for name, value in weights.items()})
    return weights
