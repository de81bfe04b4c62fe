"""One scale: said once it reaches every part that takes one, and nothing may contradict it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from torch import nn

from cyclesr.config import check_config, config_files, configs_folder, fill_scale, load_config
from cyclesr.errors import UserError
from cyclesr.registry import MODELS

LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")


class Enlarge(nn.Module):
    """A network of somebody else, which names its scale otherwise."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor


def said(config: Config) -> dict[str, Any]:
    """All values of keys named scale, by dotted key."""
    found: dict[str, Any] = {}

    def walk(value: Any, path: str) -> None:
        for key, item in value.items() if isinstance(value, dict) else ():
            if key == "scale":
                found[f"{path}{key}"] = item
            walk(item, f"{path}{key}.")

    walk(config._cfg_dict, "")
    return found


@pytest.mark.parametrize("scale", [2, 3, 8])
@pytest.mark.parametrize("name", list(config_files(configs_folder())))
def test_every_part_of_every_config_follows(name: str, scale: int) -> None:
    config = load_config(name, {"scale": scale})
    check_config(config)
    scales = said(config)
    assert set(scales.values()) == {scale}
    assert {"scale", "model.sr.scale", *(f"{loader}.dataset.scale" for loader in LOADERS)} <= scales.keys()
    assert {"val_evaluator.scale", "test_evaluator.scale"} <= scales.keys()
    assert ("degradation" in config.model) == ("model.degradation.scale" in scales)
    if "sr_adversarial" in config.model and not name.startswith("own_images"):  # these judge crops of any size
        assert config.model.sr_adversarial.discriminator.crop == scale * config.train_dataloader.dataset.crop


def test_another_type_takes_the_scale_too() -> None:
    config = load_config("demo/cyclesr_demo", {"model.sr": dict(_delete_=True, type="RCAN"), "scale": 2})
    assert config.model.sr == dict(type="RCAN", scale=2)
    kind = f"{__name__}.Enlarge"
    config = load_config("demo/cyclesr_demo", {"model.sr": dict(_delete_=True, type=kind, factor=4)})
    assert config.model.sr == dict(type=kind, factor=4)


def test_steps_of_a_chain_follow() -> None:
    chain = dict(_delete_=True, type="Chain", steps=[dict(type="Bicubic"), dict(type="Noise", read=0.01)])
    config = load_config("demo/cyclesr_demo", {"model.degradation": chain})
    assert config.model.degradation.steps == [dict(type="Bicubic", scale=4), dict(type="Noise", read=0.01)]


def test_a_discriminator_without_a_crop_gets_that_of_the_data() -> None:
    options = {"model.sr_adversarial": dict(weight=0.01), "train_dataloader.dataset.crop": 24, "scale": 2}
    discriminator = load_config("demo/cyclesr_demo", options).model.sr_adversarial.discriminator
    assert discriminator == dict(type="VGGDiscriminator", crop=48)
    options["model.sr_adversarial"] = dict(discriminator=dict(type="PatchDiscriminator"))
    discriminator = load_config("demo/cyclesr_demo", options).model.sr_adversarial.discriminator
    assert discriminator == dict(type="PatchDiscriminator")  # takes any size


@pytest.mark.parametrize(
    "key", ["model.sr", "model.degradation", "train_dataloader.dataset", "val_dataloader.dataset", "val_evaluator"]
)
def test_a_contradiction_is_named(key: str) -> None:
    config = load_config("demo/cyclesr_demo", {"scale": 2, f"{key}.scale": 4})
    with pytest.raises(UserError, match=rf"one scale.* scale=2, {key}\.scale=4[.,]"):
        check_config(config)


def test_a_contradiction_of_parts_alone_is_named(tiny_config: Path) -> None:
    config = load_config(tiny_config, {"model.sr.scale": 2})
    with pytest.raises(UserError, match=r"model\.degradation\.scale=4, model\.sr\.scale=2"):
        check_config(config)


def test_a_crop_that_fits_no_hr_is_named() -> None:
    options = {"model.sr_adversarial.discriminator.crop": 480, "scale": 2}
    with pytest.raises(UserError, match=r"discriminator\.crop is 480.*240 px"):
        check_config(load_config("cyclesrgan_ntire18_t4", options))


@pytest.mark.parametrize("scale", [0, -2, 2.0, "2", True])
def test_no_scale(scale: Any) -> None:
    with pytest.raises(UserError, match="whole number"):
        load_config("demo/cyclesr_demo", {"scale": scale})


def test_a_misspelt_scale_is_named() -> None:
    with pytest.raises(UserError, match=r"'scales'.*Did you mean .*'scale'"):
        check_config(load_config("demo/cyclesr_demo", {"scales": 2}))


def test_a_config_without_one_keeps_what_its_parts_say(tiny_config: Path) -> None:
    config = load_config(tiny_config)
    before = said(config)
    fill_scale(config)
    assert said(config) == before
    assert "val_evaluator.scale" not in before


@pytest.mark.parametrize("scale", [2, 3])
def test_the_model_enlarges_by_it(scale: int) -> None:
    model = MODELS.build(load_config("demo/cyclesr_demo", {"scale": scale}).model)
    assert model.sr_entry()["scale"] == scale
    assert model(torch.rand(1, 3, 8, 9)).shape == (1, 3, 8 * scale, 9 * scale)
    assert model.degradation(torch.rand(1, 3, 24, 24)).shape == (1, 3, 24 // scale, 24 // scale)
