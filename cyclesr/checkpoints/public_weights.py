"""Import of published weights for SR networks with the same layout."""

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
    weights = read_weights(path)
    network = SR_BACKBONES.build(dict(config))
    rename = getattr(network, "from_public", None)
    complaint = f"The weights in {path} do not fit the network {config}"
    load_weights(network, rename(weights) if rename else weights, complaint)
    return dict(config=dict(config), scale=int(config["scale"]), state_dict=network.state_dict())


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Reads the weights of a file without unpickling objects.

    Args:
        path: ``.safetensors`` file, or a file written by ``torch.save``.

    Returns:
        Tensors by name on the CPU, without common prefixes such as ``module.``. If the file has several sets of
        weights, the moving average (``params_ema``) is preferred.

    Raises:
        UserError: the file is missing or damaged, needs unpickling, or has no weights.
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
        raise UserError(
            f"{path} has no weights: expected a state dict, or a dict with one of the keys {', '.join(CONTAINERS)}."
        )
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
