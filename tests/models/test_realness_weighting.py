"""RealnessWeighting (DASR): which weights the pixels get, from whom, and who learns."""

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from test_collaborative import PARTS, assert_near, batch, build, moved_parts, weights
from torch import Tensor, nn

from cyclesr.engine.loop import train_step
from cyclesr.errors import UserError
from cyclesr.models.losses import CharbonnierLoss, L1Loss, MSELoss
from cyclesr.models.losses.weighted_sum import SumOfLosses
from cyclesr.models.realness_weighting import RealnessWeighting
from cyclesr.models.stages import Stage
from cyclesr.registry import TRANSLATORS

CYCLEGAN = dict(
    type="CycleGAN",
    generator=dict(channels=4, num_blocks=1, num_down=1, norm="none"),
    discriminator=dict(channels=4, num_layers=1, norm="none"),
    pool_size=0,
)
JUDGE = dict(channels=4, norm="none")
RULES = pytest.mark.parametrize("optimisation", ["joint", "alternating"])


def own(**options: Any) -> tuple[Any, Any]:
    """A model whose weighting has a discriminator of its own."""
    return build(parts=(*PARTS, "realness_discriminator"), weighting=dict(discriminator=dict(JUDGE)), **options)


def by_hand(judge: nn.Module, lr: Tensor, probability: Any, floor: float = 0.1) -> Tensor:
    shares = floor + (1 - floor) * F.interpolate(
        probability(judge(lr)), size=[2 * n for n in lr.shape[-2:]], mode="bilinear"
    )
    return torch.stack([share / share.mean() for share in shares]).detach()


def wide_batch() -> dict[str, Tensor]:
    hr, real = torch.rand(2, 3, 24, 24, dtype=torch.float64), torch.rand(2, 3, 12, 12, dtype=torch.float64)
    return dict(hr=hr, real=real)


@pytest.mark.parametrize(
    ("loss", "error"),
    [
        (MSELoss(3.0), lambda d: d.square()),
        (L1Loss(3.0), lambda d: d.abs()),
        (CharbonnierLoss(3.0, epsilon=0.1), lambda d: (d.square() + 0.01).sqrt()),
    ],
)
def test_pixel_losses_are_weighted_means(loss: nn.Module, error: Any) -> None:
    sr, hr = torch.rand(2, 2, 3, 5, 6, dtype=torch.float64)
    shares = torch.rand(2, 1, 5, 6, dtype=torch.float64)
    assert_near(loss(sr, hr, pixel_weights=shares), 3 * (shares * error(sr - hr)).sum() / sr.numel())
    assert_near(loss(sr, hr, pixel_weights=torch.ones_like(shares)), loss(sr, hr))


def test_a_sum_weights_the_terms_that_can_be_weighted() -> None:
    sr, hr = torch.rand(2, 2, 3, 5, 6)
    shares = torch.rand(2, 1, 5, 6)
    total = SumOfLosses([dict(type="MSELoss", weight=2.0), dict(type="TVLoss")])(sr, hr, pixel_weights=shares)
    tv = SumOfLosses([dict(type="TVLoss")])(sr, hr)
    torch.testing.assert_close(total, 2 * (shares * (sr - hr).square()).mean() + tv)


@RULES
@pytest.mark.parametrize(
    ("mode", "probability"),
    [
        ("lsgan", lambda x: x.clamp(0, 1)),
        ("vanilla", torch.sigmoid),
        ("hinge", lambda x: (0.5 + 0.5 * x).clamp(0, 1)),
    ],
)
def test_the_weights_are_those_of_the_translators_discriminator(mode: str, probability: Any, optimisation: str) -> None:
    model, optimizers = build(translator=CYCLEGAN | dict(adversarial=mode), weighting={}, optimisation=optimisation)
    for parameter in model.translator.discriminators["real"].parameters():
        nn.init.normal_(parameter, std=0.2)  # weights as at the start of a training have logits near 0
    judge = copy.deepcopy(model.translator.discriminators["real"])
    assert model.weighting.discriminator is None
    assert not any("weighting" in name for name in model.state_dict())
    data = wide_batch()
    lr = model.translator.degrade(model.degradation(data["hr"])).detach()
    shares = by_hand(judge, lr, probability)
    assert shares.std() > 0.01
    expected = 100 * (shares * (model.sr(lr) - data["hr"]).square()).mean()
    losses = model.train_step(data, optimizers)
    torch.testing.assert_close(losses["loss_sr"], expected.detach(), rtol=1e-6, atol=0)  # logits in float32


@RULES
@pytest.mark.parametrize(
    ("stage", "parts"),
    [
        (Stage.TRANSLATION, {"generators", "discriminators"}),
        (Stage.SR, {"sr"}),
        (Stage.SR_ON_FAKE, {"sr", "weighting"}),
        (Stage.JOINT, {"generators", "discriminators", "sr", "weighting"}),
    ],
)
def test_who_moves(stage: Stage, parts: set[str], optimisation: str) -> None:
    model, optimizers = own(optimisation=optimisation)
    model.stage = stage
    before = weights(model)
    losses = model.train_step(wide_batch(), optimizers)
    assert moved_parts(before, weights(model)) == parts
    assert ("loss_realness" in losses) == ("weighting" in parts)
    assert [name for name, p in model.named_parameters() if p.grad is not None] == []


def test_the_own_discriminator_learns_real_from_fake_real() -> None:
    model, optimizers = own()
    model.stage = Stage.SR_ON_FAKE
    judge, data = copy.deepcopy(model.weighting.discriminator), wide_batch()
    fake = model.translator.degrade(model.degradation(data["hr"])).detach()
    expected = F.binary_cross_entropy_with_logits(judge(data["real"]), torch.ones_like(judge(fake)))
    expected = expected + F.binary_cross_entropy_with_logits(judge(fake), torch.zeros_like(judge(fake)))
    losses = model.train_step(data, optimizers)
    torch.testing.assert_close(losses["loss_realness"], expected.detach(), rtol=1e-6, atol=0)


def test_nothing_of_the_weighting_reaches_the_translator_by_alternating() -> None:
    runs = [build(), own()]
    for model, optimizers in runs:
        torch.manual_seed(5)
        model.train_step(wide_batch(), optimizers)
    assert_near(weights(runs[0][0].translator), weights(runs[1][0].translator))


def test_a_measured_camera_gets_a_discriminator_of_its_own() -> None:
    camera = dict(type="CameraDegradation", mtf=[1.0] * 26)
    model, optimizers = build(parts=("sr", "realness_discriminator"), translator=camera, weighting={})
    before = weights(model)
    data = wide_batch()
    losses = model.train_step(data, optimizers)
    assert moved_parts(before, weights(model)) == {"sr", "weighting"}
    assert set(losses) == {"loss_sr", "loss_realness"}
    shares = model.pixel_weights(data["real"], data["hr"])
    assert shares.shape == (2, 1, 24, 24)
    torch.testing.assert_close(shares.mean((1, 2, 3)), torch.ones(2))
    assert shares.min() > 0
    assert not shares.requires_grad


def test_the_discriminator_judges_without_its_noise_and_keeps_its_statistics() -> None:
    weighting = RealnessWeighting(dict(norm="batch", input_noise=0.5, channels=4)).train()
    translator = TRANSLATORS.build(dict(type="CameraDegradation", mtf=[1.0] * 26))
    lr, hr = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 32, 32)
    before = {name: buffer.clone() for name, buffer in weighting.named_buffers()}
    assert torch.equal(weighting(lr, hr, translator), weighting(lr, hr, translator))
    assert all(torch.equal(before[name], buffer) for name, buffer in weighting.named_buffers())
    assert all(module.training for module in weighting.modules())


@RULES
def test_micro_batches_equal_the_whole_batch(optimisation: str) -> None:
    runs = []
    for accumulate in (1, 2):
        model, optimizers = own(optimisation=optimisation)
        optimizers.accumulate = accumulate
        for seed in range(3):
            torch.manual_seed(seed)
            losses = train_step(model, wide_batch(), optimizers)
        runs.append((weights(model), losses))
    for whole, micro in zip(*runs, strict=True):
        for name in whole:
            torch.testing.assert_close(micro[name], whole[name], rtol=1e-6, atol=1e-8)


def test_mistakes_are_named() -> None:
    with pytest.raises(UserError, match=r"single pixels, found SSIMLoss.*MSELoss"):
        build(sr_loss=dict(type="SSIMLoss"), weighting={})
    with pytest.raises(UserError, match=r"found SumOfLosses"):
        build(sr_loss=dict(type="SumOfLosses", losses=[dict(type="TVLoss")]), weighting={})
    with pytest.raises(UserError, match=r"critic of wgan-gp.*weighting.discriminator=dict\(\)"):
        build(translator=CYCLEGAN | dict(adversarial="wgan-gp"), weighting={})
    with pytest.raises(UserError, match=r"floor must be above 0"):
        build(weighting=dict(floor=0.0))
    with pytest.raises(UserError, match=r"no optimizer for the part 'realness_discriminator'"):
        build(weighting=dict(discriminator={}))
    model, optimizers = build(weighting={})
    model.translator.discriminators["real"] = nn.Sequential(nn.Flatten(), nn.Linear(192, 1)).double()
    with pytest.raises(UserError, match="map of logits"):
        model.train_step(batch(), optimizers)
