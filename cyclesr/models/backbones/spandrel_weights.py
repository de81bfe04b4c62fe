"""Recognition of published weights: which architecture of spandrel they are of, and its hyperparameters."""

import importlib
import inspect
from typing import Any, NamedTuple

from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.models.backbones.spandrel_architectures import (
    ARCHITECTURES,
    Architecture,
    architecture_class,
    with_defaults,
)


class Recognised(NamedTuple):
    """Weights of a network of spandrel.

    Attributes:
        config: of ``SR_BACKBONES``, with ``type``, ``scale``, ``arch`` and the hyperparameters that differ from the
            defaults of :class:`~cyclesr.models.backbones.Spandrel`.
        weights: by the architecture's own names in spandrel, which may differ from those in the file.
    """

    config: dict[str, Any]
    weights: dict[str, Tensor]


def recognise(weights: dict[str, Tensor], where: str) -> Recognised:
    """Finds the architecture of published weights by their names and shapes, as spandrel does.

    Args:
        weights: by name, without common prefixes, see :func:`~cyclesr.checkpoints.public_weights.read_weights`.
        where: their file, for messages.

    Raises:
        UserError: spandrel is not installed or does not know the weights, or they are not of an SR network of RGB
            images that :class:`~cyclesr.models.backbones.Spandrel` supports.
    """
    found = _loaded(weights, where)
    arch = next((name for name, a in ARCHITECTURES.items() if type(found.model) is architecture_class(name, a)), None)
    if arch is None:
        raise UserError(
            f"{where} holds weights of {found.architecture.name}, which cannot be trained here. Supported "
            f"architectures: {', '.join(ARCHITECTURES)}."
        )
    planes, scales = (found.input_channels, found.output_channels), ARCHITECTURES[arch].scales
    if planes != (3, 3) or found.scale not in scales:
        raise UserError(
            f"{where} holds weights of {arch} from {planes[0]} to {planes[1]} channels at x{found.scale}; expected "
            f"RGB images and one of the scales {', '.join(map(str, scales))}."
        )
    own = _own_arguments(ARCHITECTURES[arch], found.model)
    return Recognised(dict(type="Spandrel", scale=found.scale, arch=arch, **own), found.model.state_dict())


def _loaded(weights: dict[str, Tensor], where: str) -> Any:
    try:
        spandrel = importlib.import_module("spandrel")
    except ModuleNotFoundError as error:
        raise UserError(
            f"To recognise the network of {where}, the package {error.name} is needed: pip install 'cyclesr[spandrel]'"
        ) from error
    try:
        return spandrel.ModelLoader("cpu").load_from_state_dict(dict(weights))
    except Exception as error:  # of any kind: weights that only look like those of an architecture
        raise UserError(
            f"The network of {where} was not recognised by spandrel ({type(error).__name__}). If it is one of "
            "'cyclesr list backbones', give its sizes as model.sr, and load_from=FILE."
        ) from error


def _own_arguments(found: Architecture, model: Any) -> dict[str, Any]:
    """Returns the hyperparameters of a network without its scale and without those that are defaults anyway."""
    parameters = inspect.signature(type(model)).parameters
    defaults = with_defaults(found, type(model), {})
    given = {name: value for name, value in model.hyperparameters.items() if name in parameters and name != found.scale}
    return {name: value for name, value in given.items() if name not in defaults or defaults[name] != value}
