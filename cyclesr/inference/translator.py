"""The learnt degradation of a training checkpoint: the degradation HR -> syn and the translator syn -> fake_real.

The checkpoint is read as data. Its config is Python source text, which is parsed and never executed.
"""

import ast
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.checkpoints.building import build_described, shortened
from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.sr_network import checked_entry
from cyclesr.checkpoints.trust import require_networks
from cyclesr.checkpoints.weights import load_weights
from cyclesr.errors import UserError
from cyclesr.models.networks.image_channels import channels_of
from cyclesr.models.translators.base import Translator
from cyclesr.registry import DEGRADATIONS, TRANSLATORS


class LearntDegradation(nn.Module):
    """HR -> syn -> fake_real in two steps, so that the second step can run on tiles.

    Attributes:
        degradation: (N, 3, H, W) -> ``syn`` (N, 3, H / scale, W / scale), Eq. (1).
        translator: ``syn`` -> ``fake_real``, G1 of Eq. (2); or ``hr`` -> ``fake_real`` if it starts from HR.
        scale: scale factor of the SR network that was trained with them.
        image_channels: number of channels of the images.
    """

    def __init__(self, degradation: nn.Module, translator: Translator, scale: int) -> None:
        super().__init__()
        self.degradation = degradation
        self.translator = translator
        self.scale = scale
        self.image_channels = channels_of(translator)

    def source(self, hr: Tensor) -> Tensor:
        """Returns the input of :meth:`forward` for ``hr`` (N, 3, H, W): ``syn`` (N, 3, h, w).

        For a translator that starts from HR it returns ``hr`` with the s x s pixels of each LR pixel as channels,
        (N, 3 s^2, h, w).
        """
        return F.pixel_unshuffle(hr, self.scale) if self.translator.from_hr else self.degradation(hr)

    def forward(self, source: Tensor) -> Tensor:
        """Returns ``fake_real`` (N, 3, h, w), with new noise if the translator takes noise."""
        return self.translator.degrade(F.pixel_shuffle(source, self.scale) if self.translator.from_hr else source)


def load_degradation(path: str | Path, device: str | torch.device = "cpu") -> LearntDegradation:
    """Rebuilds the learnt degradation of a checkpoint.

    Args:
        path: ``.pth`` checkpoint written by a training of CollaborativeSR.
        device: device of the networks.

    Returns:
        The degradation in eval mode; its parameters do not require gradients.

    Raises:
        UserError: as for :func:`~cyclesr.checkpoints.sr_network.load_sr`, or the checkpoint holds no translator.
    """
    if Path(path).suffix == ".safetensors":
        raise UserError(
            f"{path} holds only an SR network: give a .pth checkpoint of the training, which holds the translator too."
        )
    checkpoint = read_checkpoint(path)
    config = _model_config(checkpoint, path)
    for key in ("translator", "degradation"):
        if not isinstance(config.get(key), dict):
            raise UserError(
                f"The checkpoint {path} of a {config.get('type')} holds no {key}: give a checkpoint of a training of "
                "CollaborativeSR."
            )
        require_networks(config[key], path)
    weights = checkpoint["state_dict"]
    if not (isinstance(weights, dict) and all(isinstance(name, str) for name in weights)):
        raise UserError(f"The checkpoint {path} is damaged: its weights must be tensors by name.")
    parts = {}
    for name, registry in (("degradation", DEGRADATIONS), ("translator", TRANSLATORS)):
        own = _part_of(weights, name)
        parts[name] = build_described(registry, config[name], own, path)
        load_weights(parts[name], own, f"The weights in {path} do not fit its {name}")
    if not isinstance(parts["translator"], Translator):
        raise UserError(f"The translator in the checkpoint {path} cannot translate: {shortened(config['translator'])}.")
    scale: int = checked_entry(checkpoint, path)["scale"]
    return LearntDegradation(**parts, scale=scale).to(device).eval().requires_grad_(False)


def _part_of(weights: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(f"{name}.")}


def _model_config(checkpoint: dict[str, Any], path: str | Path) -> dict[str, Any]:
    meta = checkpoint.get("meta")
    text = meta.get("cfg") if isinstance(meta, dict) else None
    if not (isinstance(text, str) and {"state_dict", "sr_network"} <= checkpoint.keys()):
        raise UserError(
            f"{path} is not a training checkpoint of cyclesr: it lacks the config or the weights of the model."
        )
    try:
        config = read_assigned(text, "model")
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:  # deep nesting: the last two
        raise UserError(f"The config in the checkpoint {path} cannot be read: {shortened(error)}") from error
    if not isinstance(config, dict):
        raise UserError(f"The config in the checkpoint {path} has no model.")
    return config


def read_assigned(text: str, name: str) -> Any:
    """Returns the value that Python source text assigns to a name, without executing the text.

    Args:
        text: source text of a config.
        name: name of the variable.

    Returns:
        The value, or ``None`` if nothing is assigned to the name.

    Raises:
        SyntaxError: the text is not Python.
        ValueError: the value consists of more than literals and ``dict(...)``.
    """
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == name for t in statement.targets
        ):
            return _literal(statement.value)
    return None


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Call):
        return _dict_call(node)
    if isinstance(node, ast.Dict):
        keys = [ast.literal_eval(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(_literal, node.values), strict=True))
    if isinstance(node, (ast.List, ast.Tuple)):
        values = [_literal(element) for element in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)
    return ast.literal_eval(node)


def _dict_call(node: ast.Call) -> dict[str, Any]:
    """Evaluates ``dict(a=1)`` and ``dict({"a b": 1}, a=1)``; mmengine writes the latter for keys that are not names."""
    if not (isinstance(node.func, ast.Name) and node.func.id == "dict"):
        raise ValueError(f"line {node.lineno} calls a function other than dict()")
    result: dict[str, Any] = {}
    for positional in node.args:
        result |= _literal(positional)
    for keyword in node.keywords:
        if keyword.arg is None:
            raise ValueError(f"line {node.lineno} unpacks a mapping")
        result[keyword.arg] = _literal(keyword.value)
    return result
