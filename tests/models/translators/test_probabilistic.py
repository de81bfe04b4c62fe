"""ProbabilisticDegradation: what feedback moves, rounding, losses."""

import pytest
import torch
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.models.translators import ProbabilisticDegradation


def build(**options: object) -> ProbabilisticDegradation:
    torch.manual_seed(0)
    return ProbabilisticDegradation(**{**ProbabilisticDegradation.TINY, **options})


def images() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    syn, real = torch.rand(2, 2, 3, 16, 16, generator=generator)
    return syn, real


def test_losses_by_hand() -> None:
    translator = build(adversarial_weight=2.0)
    syn, real = images()
    t = translator.translate(syn, real)
    judge = translator.discriminators["real"]
    losses = translator.generator_losses(syn, real, t)
    assert list(losses) == ["loss_adv_real"]
    assert losses["loss_adv_real"].item() == pytest.approx(2 * (judge(t.fake_real) - 1).square().mean().item())
    judged = translator.discriminator_losses(syn, real, t)
    expected = 0.5 * ((judge(real) - 1).square().mean() + judge(t.fake_real).square().mean())
    assert {key: loss.item() for key, loss in judged.items()} == {"loss_disc_real": pytest.approx(expected.item())}


def test_images_are_rounded_as_files_are_and_the_gradient_passes() -> None:
    translator = build(noise=dict(shot=0.3, read=0.3), blur=dict(num_kernels=1))
    syn, _ = images()
    levels = 255 * translator.degrade(syn)
    torch.testing.assert_close(levels, levels.round())
    assert (levels.min().item(), levels.max().item()) == pytest.approx((0.0, 255.0))
    torch.manual_seed(1)
    translator.degrade(syn).sum().backward()
    rounded = [p.grad.clone() for p in translator.generators.parameters()]
    translator.zero_grad()
    torch.manual_seed(1)
    to_real = translator.generators["to_real"]
    quiet = to_real.blur(syn)
    (quiet + to_real.noise(quiet)).sum().backward()
    torch.testing.assert_close(rounded, [p.grad for p in translator.generators.parameters()])


def test_without_noise_and_rounding_it_is_the_blur() -> None:
    translator = build(noisy=False, rounded=False, blur=dict(num_kernels=1))
    syn = 0.2 + 0.6 * images()[0]
    torch.testing.assert_close(translator.degrade(syn), translator.generators["to_real"].blur(syn))


@pytest.mark.parametrize(("feedback", "moved"), [("all", {"blur", "noise"}), ("blur", {"blur"}), ("none", set())])
def test_what_feedback_moves(feedback: str, moved: set[str]) -> None:
    translator = build(feedback=feedback)
    syn, real = images()
    t = translator.translate(syn, real)
    held = translator.held_fake_real(t)
    torch.testing.assert_close(held, t.fake_real)
    if held.requires_grad:
        held.square().mean().backward()
    parts = translator.generators["to_real"].named_parameters()
    assert {name.split(".")[0] for name, p in parts if p.grad is not None and p.grad.abs().max() > 0} == moved


def test_another_feedback_is_refused() -> None:
    with pytest.raises(UserError, match="feedback must be all, blur or none, found 'some'"):
        build(feedback="some")
