"""One's own folders of images in place of those of a config."""

import copy
from typing import Any

from mmengine.config import Config

from cyclesr.config.parts import DATALOADERS, EVALUATORS, LOOP_CONFIGS
from cyclesr.errors import UserError


def train_on(config: Config, hr: str, real: str, validates: bool = False) -> None:
    """Points a training at two folders, all of their images.

    Args:
        config: changed in place.
        hr: folder of sharp images.
        real: folder of the LR images that the SR network is for.
        validates: keeps validation; otherwise it is left out, because the config's is of other images and these have
            no pairs.

    Raises:
        UserError: a config that does not train from unpaired folders.
    """
    data = (config.get("train_dataloader") or {}).get("dataset") or {}
    if not {"hr", "real"} <= data.keys():
        raise UserError(
            f"--hr and --real are for trainings from unpaired images; the training data of this config is "
            f"{data.get('type', 'none')}({', '.join(key for key in data if key != 'type')}). Set its folders by "
            "--cfg-options."
        )
    data.update(hr=hr, real=real)
    for name in ("hr_range", "real_range"):
        data.pop(name, None)
    for name in () if validates else (*DATALOADERS[1:], *LOOP_CONFIGS[1:], *EVALUATORS):
        config[name] = None


def validate_on(config: Config, hr: str, lr: str) -> None:
    """Makes validation and tests use held-out pairs, all of their images.

    Args:
        config: changed in place. Its loaders and metrics stay; where it has none, those of cyclesr's configs come in.
        hr: folder of HR images.
        lr: folder of their LR images.
    """
    scale = _scale(config)
    in_order = dict(type="DefaultSampler", shuffle=False)
    loader: dict[str, Any] = dict(batch_size=1, num_workers=0, sampler=in_order)
    metric = dict(type="SRQuality", protocol="plain", **scale)
    for name, loop in (("val", "ValLoop"), ("test", "TestLoop")):
        loader = copy.deepcopy(config.get(f"{name}_dataloader") or loader)
        kept = {
            key: value
            for key, value in loader.get("dataset", {}).items()
            if key in ("scale", "cache", "image_channels")
        }
        loader["dataset"] = {"type": "PairedDataset", **scale, **_channels(config), **kept, "hr": hr, "lr": lr}
        metric = copy.deepcopy(config.get(f"{name}_evaluator") or metric)
        config[f"{name}_dataloader"] = loader
        config[f"{name}_evaluator"] = metric
        config[f"{name}_cfg"] = config.get(f"{name}_cfg") or dict(type=loop)


def _channels(config: Config) -> dict[str, int]:
    """Returns the channels of the training data, or else of the config; empty if neither says any, or RGB."""
    data = (config.get("train_dataloader") or {}).get("dataset") or {}
    channels = data.get("image_channels") or config.get("channels") or 3
    return {} if channels == 3 else dict(image_channels=channels)


def _scale(config: Config) -> dict[str, int]:
    """The scale of the training data, or else of a config that only tests; empty where neither says one."""
    sets = [(config.get(name) or {}).get("dataset") or {} for name in DATALOADERS]
    scales = [data["scale"] for data in sets if "scale" in data] + [config.get("scale")]
    return {} if scales[0] is None else dict(scale=scales[0])
