"""One's own folders of images in place of those of a config."""

import copy

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
    data = config.train_dataloader.dataset
    if not {"hr", "real"} <= data.keys():
        raise UserError(
            f"--hr and --real are for trainings from unpaired images; the training data of this config is "
            f"{data.get('type')}({', '.join(key for key in data if key != 'type')}). Set its folders by --cfg-options."
        )
    data.update(hr=hr, real=real)
    for name in ("hr_range", "real_range"):
        data.pop(name, None)
    for name in () if validates else (*DATALOADERS[1:], *LOOP_CONFIGS[1:], *EVALUATORS):
        config[name] = None


def validate_on(config: Config, hr: str, lr: str) -> None:
    """Makes a training validate on held-out pairs, all of their images; tests use them too.

    Args:
        config: changed in place. Its loader and metric stay; one without validation gets those of cyclesr's configs.
        hr: folder of HR images.
        lr: folder of their LR images.
    """
    loader = config.get("val_dataloader") or dict(
        batch_size=1, num_workers=0, sampler=dict(type="DefaultSampler", shuffle=False), dataset={}
    )
    kept = {key: loader["dataset"][key] for key in ("scale", "cache") if key in loader["dataset"]}
    scale = dict(scale=config.train_dataloader.dataset.scale)
    loader["dataset"] = {"type": "PairedDataset", **scale, **kept, "hr": hr, "lr": lr}
    metric = config.get("val_evaluator") or dict(type="SRQuality", protocol="plain", **scale)
    for name, loop in (("val", "ValLoop"), ("test", "TestLoop")):
        config[f"{name}_dataloader"] = copy.deepcopy(loader)
        config[f"{name}_evaluator"] = copy.deepcopy(metric)
        config[f"{name}_cfg"] = config.get(f"{name}_cfg") or dict(type=loop)
