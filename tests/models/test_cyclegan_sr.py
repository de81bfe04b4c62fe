"""CycleGAN as an SR method: a CycleGAN step by hand, weights that G2 and SR share, a checkpoint."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.errors import UserError
from cyclesr.models import CycleGANSR
from cyclesr.models.translators import CycleGAN
from cyclesr.optim.parts import PartOptimizersConstructor
from cyclesr.registry import MODELS

NETWORK = dict(channels=4, num_blocks=1, num_down=1)
ADAM = dict(optimizer=dict(type="Adam", lr=1e-3))


def build(**kwargs: Any) -> CycleGANSR:
    torch.manual_seed(0)
    config = dict(
        type="CycleGANSR",
        sr=dict(type="Upscaled", scale=4, network=dict(**NETWORK)),
        translator=dict(type="CycleGAN", generator=dict(**NETWORK), discriminator=dict(channels=4, num_layers=1)),
    )
    return MODELS.build({**config, **kwargs})


def batch() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return dict(hr=torch.rand(2, 3, 32, 32, generator=generator), real=torch.rand(2, 3, 8, 8, generator=generator))


def test_g2_is_the_sr_network() -> None:
    model = build()
    lr = torch.rand(1, 3, 8, 8)
    assert model.translator.generators["to_syn"] is model.sr.network
    assert torch.equal(model(lr), model.translator.generators["to_syn"](model.sr.enlarge(lr)))


def test_a_lock_that_would_hold_only_g1_is_refused() -> None:
    networks = dict(generator=dict(**NETWORK), discriminator=dict(channels=4, num_layers=1))
    with pytest.raises(UserError, match=r"CycleGANSR cannot lock.*G2 is the SR network.*low_frequency_lock"):
        build(translator=dict(type="CycleGAN", **networks, low_frequency_lock=9))


def test_a_step_is_cyclegans_on_hr_and_the_enlarged_real_image() -> None:
    model, data = build(), batch()
    oracle: CycleGAN = copy.deepcopy(model.translator)
    optimizers = PartOptimizersConstructor(dict(generators=ADAM, discriminators=ADAM))(model)
    losses = model.train_step(dict(data), optimizers)

    large = model.sr.enlarge(data["real"])
    generators = torch.optim.Adam(oracle.generators.parameters(), lr=1e-3)
    judges = torch.optim.Adam(oracle.discriminators.parameters(), lr=1e-3)
    t = oracle.translate(data["hr"], large)
    terms = oracle.generator_losses(data["hr"], large, t)
    sum(terms.values()).backward()
    generators.step()
    judges.zero_grad()
    judged = oracle.discriminator_losses(data["hr"], large, t)
    sum(judged.values()).backward()
    judges.step()
    assert losses.keys() == terms.keys() | judged.keys()
    assert all(losses[name].item() == pytest.approx(value.item()) for name, value in (terms | judged).items())
    assert not any("sr" in name for name in losses)  # no pixel loss to HR
    for (name, ours), theirs in zip(model.translator.named_parameters(), oracle.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6), name


def test_its_checkpoint_entry_is_an_sr_network_for_inference(tmp_path: Path) -> None:
    model = build(average=0.5)
    optimizers = PartOptimizersConstructor(dict(generators=ADAM, discriminators=ADAM))(model)
    for _ in range(2):
        model.train_step(batch(), optimizers)
    torch.save({"sr_network": model.sr_entry()}, tmp_path / "iter_1.pth")
    network, scale = load_sr(tmp_path / "iter_1.pth")
    lr = torch.rand(1, 3, 8, 8)
    assert scale == 4
    assert torch.equal(network(lr), model.eval()(lr))
    assert not torch.equal(network(lr), model.sr(lr))  # the averaged weights


def test_weights_come_back_from_a_state_dict_still_shared() -> None:
    model, other = build(), build()
    PartOptimizersConstructor(dict(generators=ADAM, discriminators=ADAM))(other)
    with torch.no_grad():
        model.sr.network.tail.bias += 1
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.translator.generators["to_syn"].tail.bias, model.sr.network.tail.bias)
    assert other.translator.generators["to_syn"] is other.sr.network


def test_its_preview_is_the_strip_of_real_images() -> None:
    shown = build().preview(batch())
    assert {name: tuple(image.shape) for name, image in shown.items()} == dict(
        real=(1, 3, 8, 8), real_sr=(1, 3, 32, 32)
    )


def test_another_sr_network_is_refused() -> None:
    with pytest.raises(UserError, match=r"needs model\.sr\.type='Upscaled', found 'EDSR'"):
        build(sr=dict(type="EDSR", scale=4, channels=4, num_blocks=1))
