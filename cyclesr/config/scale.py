"""The scale of an experiment: said once, it reaches every part that takes one."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config

from cyclesr import registry
from cyclesr.config.parts import Part, parts_of
from cyclesr.errors import UserError


def fill_scale(config: Config) -> None:
    """Gives the config's ``scale`` to each part that takes a ``scale`` and has none.

    These are the degradation (its steps too), the translator, the SR network, data sets and metrics whose class has an
    argument of this name. The discriminator of SR images, if it takes a ``crop`` and has none, gets the side of the HR
    crops. What a part says itself stays as it is; :func:`check_scale` refuses it where it contradicts.

    Args:
        config: changed in place; one without ``scale`` keeps what its parts say.

    Raises:
        UserError: a ``scale`` that is no whole number from 1 on, or a type that nothing knows.
    """
    scale = config.get("scale")
    if scale is not None:
        if isinstance(scale, bool) or not isinstance(scale, int) or scale < 1:
            raise UserError(f"The scale must be a whole number from 1 on, found {scale!r}.")
        for part in (*parts_of(config), *_steps(config)):
            if takes("scale", part):
                part.config.setdefault("scale", scale)
    judge, side = judge_of(config), _hr_crop(config)
    if judge is not None and side is not None and takes("crop", judge):
        judge.config.setdefault("crop", side)


def check_scale(config: Config) -> None:
    """Looks for parts that contradict each other in the scale, or in the side of the HR crops.

    Raises:
        UserError: two that do; the message names them.
    """
    scales = {f"{part.path}.scale": part.config["scale"] for part in parts_of(config) if "scale" in part.config}
    if (said := config.get("scale")) is not None:
        scales = {"scale": said} | {name: scale for name, scale in scales.items() if scale != said}
    if len(set(scales.values())) > 1:
        found = ", ".join(f"{name}={scale}" for name, scale in scales.items())
        raise UserError(
            f"All parts of an experiment have one scale; this config has {found}. Give 'scale' once, at the top of the "
            "config or by --scale, and leave it out of the parts."
        )
    judge, side = judge_of(config), _hr_crop(config)
    if judge is not None and side is not None and judge.config.get("crop", side) != side:
        raise UserError(
            f"{judge.path}.crop is {judge.config['crop']}, but HR crops measure {side} px "
            "(train_dataloader.dataset.crop times the scale): leave it out, and it follows."
        )


def takes(argument: str, part: Part) -> bool:
    """Returns whether the class of a part has an argument of this name."""
    return "type" in part.config and argument in part.kind.parameters(part.config["type"])


def _steps(config: Config) -> Iterator[Part]:
    """The degradations of a chain."""
    degradation = (config.get("model") or {}).get("degradation") or {}
    for index, step in enumerate(degradation.get("steps") or ()):
        yield Part(f"model.degradation.steps.{index}", registry.DEGRADATIONS, step)


def judge_of(config: Config) -> Part | None:
    """Returns the discriminator of SR images, D_h, which judges whole HR crops; None if there is none."""
    adversarial: dict[str, Any] | None = (config.get("model") or {}).get("sr_adversarial")
    if adversarial is None:
        return None
    if adversarial.get("discriminator") is None:
        adversarial["discriminator"] = {}
    judge = adversarial["discriminator"]
    judge.setdefault("type", "VGGDiscriminator")  # as SRAdversarial does
    return Part("model.sr_adversarial.discriminator", registry.MODELS, judge)


def _hr_crop(config: Config) -> int | None:
    data = (config.get("train_dataloader") or {}).get("dataset") or {}
    crop, scale = data.get("crop"), data.get("scale")
    return None if crop is None or scale is None else crop * scale
