"""The warm-up of the SR network, and LDL with the averaged network."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from test_collaborative import PARTS, batch, build, moved_parts, weights

from cyclesr.errors import UserError
from cyclesr.models.losses import ArtifactLoss, MSELoss
from cyclesr.models.stages import Stage


def whole(tmp_path: Path, **changes):
    torch.save({"0.weight": torch.randn(64, 3, 3, 3), "0.bias": torch.zeros(64)}, tmp_path / "vgg16.pth")
    terms = dict(
        sr_loss=dict(type="L1Loss"),
        perceptual=dict(network="vgg16", layers=dict(conv1_1=1.0), weights=str(tmp_path)),
        sr_adversarial=dict(mode="vanilla", discriminator=dict(type="UNetDiscriminator", channels=2)),
        artifacts=dict(weight=2.0),
        average=0.5,
    )
    return build(parts=(*PARTS, "sr_discriminator"), **{**terms, **changes})


def test_in_the_warm_up_one_loss_takes_the_place_of_all_and_the_discriminator_rests(tmp_path: Path) -> None:
    model, optimizers = whole(tmp_path)
    model.stage = Stage.SR_ON_FAKE
    seen = {}
    model.sr.register_forward_hook(lambda *call: seen.update(sr=call[2].detach()))
    data, before = batch(), weights(model)
    model.warm_up_loss = MSELoss(10.0)
    losses = model.train_step(data, optimizers)
    assert set(losses) == {"loss_sr"}
    assert losses["loss_sr"].item() == pytest.approx(10 * F.mse_loss(seen["sr"], data["hr"]).item(), rel=1e-6)
    assert moved_parts(before, weights(model)) == {"sr", "sr_average"}
    model.warm_up_loss = None
    before = weights(model)
    losses = model.train_step(data, optimizers)
    names = {"", "_perceptual", "_adv", "_artifacts", "_disc"}
    assert set(losses) == {f"loss_sr{name}" for name in names}
    assert moved_parts(before, weights(model)) == {"sr", "sr_average", "sr_adversarial"}


def test_artifacts_are_found_with_the_averaged_network(tmp_path: Path) -> None:
    model, _ = whole(tmp_path)
    with torch.no_grad():
        for parameter in model.sr_average.parameters():
            parameter.mul_(0.5)
    model.train()
    assert not model.sr_average.module.training
    lr, hr = (torch.rand(2, 3, side, side, dtype=torch.float64) for side in (8, 16))
    sr = model.sr(lr)
    expected = ArtifactLoss(2.0)(sr, hr, model.sr_average.module(lr))
    assert model.sr_losses(sr, hr, lr)["loss_sr_artifacts"].item() == pytest.approx(expected.item(), rel=1e-6)
    assert expected.item() != pytest.approx(ArtifactLoss(2.0)(sr, hr).item(), rel=1e-3)


def test_artifacts_without_an_average_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model.artifacts.*model.average=0.999"):
        whole(tmp_path, average=0.0)
