"""Every network and translator that takes ``image_channels``, and every SR network at scale 1."""

import inspect

import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.models.networks.image_channels import channels_of
from cyclesr.registry import LOSSES, SR_BACKBONES, TRANSLATORS

for registry in (SR_BACKBONES, TRANSLATORS, LOSSES):
    registry.import_from_location()
OURS = {name: kind for name, kind in SR_BACKBONES.module_dict.items() if kind.__module__.startswith("cyclesr.")}
WITH_CHANNELS = [name for name, kind in OURS.items() if "image_channels" in inspect.signature(kind).parameters]
FIXED = ("LapSRN", "Spandrel", "SRFlow")  # scales of their own
TRANSLATORS_OF_ANY = [name for name, kind in TRANSLATORS.module_dict.items() if getattr(kind, "any_channels", False)]
LEARNED = {"CameraDegradation": dict(refine={})}  # options without which a translator learns nothing
OTHERS = [
    name
    for name, kind in TRANSLATORS.module_dict.items()
    if "image_channels" in inspect.signature(kind).parameters and name not in TRANSLATORS_OF_ANY
]


def test_the_common_networks_take_any_number() -> None:
    assert {"SRResNet", "EDSR", "RRDBNet", "MSRResNet", "SRVGGNetCompact", "RCAN", "RDN", "VDSR", "IMDN"} <= {
        *WITH_CHANNELS
    }
    assert {"CycleGAN", "CUT", "DSGAN", "ProbabilisticDegradation", "CameraDegradation"} <= {*TRANSLATORS_OF_ANY}


@pytest.mark.parametrize("name", WITH_CHANNELS)
@pytest.mark.parametrize("channels", [1, 5])
@pytest.mark.parametrize("scale", [1, 2])
def test_sr_networks(name, channels, scale) -> None:
    tiny = dict(OURS[name].TINY)
    network = SR_BACKBONES.build({"type": name, "scale": scale, "image_channels": channels, **tiny}).eval()
    assert channels_of(network) == channels
    with torch.no_grad():
        assert network(torch.rand(2, channels, 16, 12)).shape == (2, channels, 16 * scale, 12 * scale)


@pytest.mark.parametrize("name", [name for name in OURS if name not in (*WITH_CHANNELS, *FIXED)])
def test_sr_networks_for_rgb_at_scale_1(name) -> None:
    network = SR_BACKBONES.build({"type": name, "scale": 1, **OURS[name].TINY}).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 16, 12)).shape == (1, 3, 16, 12)


@pytest.mark.parametrize("name", ["EDSR", "RCAN"])
def test_a_mean_colour_is_one_of_rgb(name) -> None:
    with pytest.raises(UserError, match=r"mean_shift.*RGB"):
        SR_BACKBONES.build({"type": name, "scale": 2, "image_channels": 5, "mean_shift": True, **OURS[name].TINY})


def test_a_loss_of_colours_refuses_five_bands() -> None:
    loss = LOSSES.build(dict(type="ChromaLoss"))
    with pytest.raises(UserError, match=r"ChromaLoss .*RGB"):
        loss(torch.rand(1, 5, 32, 32), torch.rand(1, 5, 32, 32))


@pytest.mark.parametrize("name", TRANSLATORS_OF_ANY)
@pytest.mark.parametrize("channels", [1, 5])
def test_translators(name, channels) -> None:
    kind = TRANSLATORS.get(name)
    translator = TRANSLATORS.build({"type": name, "image_channels": channels, **kind.TINY, **LEARNED.get(name, {})})
    syn, real = torch.rand(2, 2, channels, 24, 24).unbind()
    t = translator.translate(syn, real)
    losses = {**translator.generator_losses(syn, real, t), **translator.discriminator_losses(syn, real, t)}
    sum(losses.values()).backward()
    assert all(loss.isfinite() for loss in losses.values())
    assert translator.degrade(syn).shape == syn.shape
    assert any(parameter.grad is not None and parameter.grad.any() for parameter in translator.generators.parameters())


@pytest.mark.parametrize("name", OTHERS)
def test_other_translators_refuse(name) -> None:
    with pytest.raises(UserError, match=f"{name} .*RGB"):
        TRANSLATORS.build({"type": name, "image_channels": 5, **TRANSLATORS.get(name).TINY})


@pytest.mark.parametrize("name", ["L1Loss", "MSELoss", "CharbonnierLoss", "SSIMLoss", "FocalFrequencyLoss", "TVLoss"])
def test_losses(name) -> None:
    loss = LOSSES.build({"type": name, **getattr(LOSSES.get(name), "TINY", {})})
    sr, hr = torch.rand(2, 1, 5, 32, 32).unbind()
    arguments = (sr, hr) if "hr" in inspect.signature(loss.forward).parameters else (sr,)
    assert loss(*arguments).isfinite()
