"""BiCycleSR: a step by hand, whom each cycle moves, a checkpoint in the middle, and what inference reads of it."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.inference.translator import load_degradation
from cyclesr.models import BiCycleSR
from cyclesr.optim.parts import PartOptimizers, PartOptimizersConstructor
from cyclesr.registry import LOSSES, MODELS

BULAT = dict(
    type="Bulat",
    scale=2,
    generator=dict(channels=4, num_blocks=1, norm="none"),
    discriminator=dict(channels=4, num_layers=1, norm="none"),
    noise_channels=0,
    pixel_weight=0.0,
    pool_size=0,
)
CYCLEGAN = dict(
    type="CycleGAN",
    generator=dict(channels=4, num_blocks=0, num_down=0),
    discriminator=dict(channels=4, num_layers=1, norm="none"),
    pool_size=0,
)


@LOSSES.register_module()
class EdgesForTests(nn.Module):
    """In the place of a perceptual loss."""

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(image.diff(dim=-1), target.diff(dim=-1))


def config(**options: Any) -> dict[str, Any]:
    return dict(
        type="BiCycleSR",
        degradation=dict(type="Bicubic", scale=2),
        translator=copy.deepcopy(BULAT),
        sr=dict(type="EDSR", scale=2, channels=4, num_blocks=1),
        sr_loss=dict(type="L1Loss", weight=3.0),
        cycle_loss=dict(type="L1Loss", weight=5.0),
        **options,
    )


def build(**options: Any) -> tuple[BiCycleSR, PartOptimizers]:
    torch.manual_seed(0)
    model = MODELS.build({**config(), **options})
    parts = {name: dict(optimizer=dict(type="Adam", lr=1e-3)) for name in model.parts()}
    return model, PartOptimizersConstructor(parts)(model)


def batch(seed: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return dict(hr=torch.rand(2, 3, 32, 32, generator=generator), real=torch.rand(2, 3, 16, 16, generator=generator))


def test_a_step_by_hand() -> None:
    model, optimizers = build(cycle_perceptual=dict(type="EdgesForTests"))
    data, oracle = batch(), copy.deepcopy(model)
    losses = model.train_step(dict(data), optimizers)
    degrade, sr, judge = oracle.translator.generators["to_real"], oracle.sr, oracle.translator.discriminators["real"]
    networks = torch.optim.Adam([*degrade.parameters(), *sr.parameters()], lr=1e-3)
    judges = torch.optim.Adam(judge.parameters(), lr=1e-3)
    fake_real = degrade(data["hr"])
    rec_real = degrade(sr(data["real"]))
    terms = dict(
        loss_adv_real=(judge(fake_real) - 1).square().mean(),
        loss_sr=3 * F.l1_loss(sr(fake_real), data["hr"]),
        loss_real_cycle=5 * F.l1_loss(rec_real, data["real"]),
        loss_real_cycle_perceptual=F.mse_loss(rec_real.diff(dim=-1), data["real"].diff(dim=-1)),
    )
    sum(terms.values()).backward()
    networks.step()
    judges.zero_grad()
    judged = 0.5 * ((judge(data["real"]) - 1).square().mean() + judge(fake_real.detach()).square().mean())
    judged.backward()
    judges.step()
    expected = {name: value.item() for name, value in {**terms, "loss_disc_real": judged}.items()}
    assert {name: value.item() for name, value in losses.items()} == pytest.approx(expected, rel=1e-5)
    for name, value in oracle.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, atol=1e-6, rtol=0, msg=name)
    assert not [name for name, parameter in model.named_parameters() if parameter.grad is not None]


@pytest.mark.parametrize("cycle", ["sr_loss", "cycle_loss"])
@pytest.mark.parametrize("translator", [BULAT, CYCLEGAN], ids=lambda translator: translator["type"])
def test_each_cycle_moves_both_networks(cycle: str, translator: dict[str, Any]) -> None:
    """Switches all other losses off; a translator that starts from syn gets the downsampled SR image."""
    off = dict(adversarial_weight=0.0) | (dict(cycle_weight=0, identity_weight=0) if translator is CYCLEGAN else {})
    weights = {name: dict(type="L1Loss", weight=float(name == cycle)) for name in ("sr_loss", "cycle_loss")}
    model, optimizers = build(**weights, translator={**copy.deepcopy(translator), **off})
    before = copy.deepcopy(model.state_dict())
    model.train_step(batch(), optimizers)
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert any(name.startswith("translator.generators.to_real") for name in moved)
    assert any(name.startswith("sr.") for name in moved)
    assert not any(name.startswith("translator.generators.to_syn") for name in moved)


def test_resumed_equals_straight() -> None:
    (straight, its_optimizers), (resumed, optimizers) = build(average=0.5), build(average=0.5)
    for seed in range(2):
        straight.train_step(batch(seed), its_optimizers)
    resumed.load_state_dict(straight.state_dict())
    optimizers.load_state_dict(copy.deepcopy(its_optimizers.state_dict()))
    for seed in range(2, 4):
        straight.train_step(batch(seed), its_optimizers)
        resumed.train_step(batch(seed), optimizers)
    for name, value in straight.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_inference_reads_its_sr_network_and_its_degradation(tmp_path: Path) -> None:
    model, optimizers = build(average=0.5)
    model.train_step(batch(), optimizers)
    path = tmp_path / "iter_1.pth"
    entries = dict(meta=dict(cfg=f"model = {config(average=0.5)!r}"), state_dict=model.state_dict())
    torch.save({**entries, "sr_network": model.sr_entry()}, path)
    network, scale = load_sr(path)
    data = batch()
    assert scale == 2
    assert torch.equal(network(data["real"]), model(data["real"]))
    degradation = load_degradation(path)
    torch.testing.assert_close(degradation(degradation.source(data["hr"])), model.translator.degrade(data["hr"]))
    shown = model.preview(data)
    assert {name: image.shape[-1] for name, image in shown.items()} == dict(
        fake_real=16, sr=32, hr=32, real=16, real_sr=32, rec_real=16
    )
    assert torch.equal(shown["fake_real"], model.translator.degrade(data["hr"][:1]))
