"""WGAN-GP: the penalty of critics with known slopes, and its double backward."""

import pytest
import torch
from torch import Tensor, nn

from cyclesr.models.losses.wasserstein import gradient_penalty
from cyclesr.registry import TRANSLATORS


def test_penalty_of_a_linear_critic_is_the_squared_distance_of_its_slope_from_one() -> None:
    weight = torch.randn(3 * 4 * 4, requires_grad=True)
    real, fake = torch.rand(5, 3, 4, 4), torch.rand(5, 3, 4, 4)
    penalty = gradient_penalty(lambda image: image.flatten(1) @ weight, real, fake)
    length = weight.norm()
    assert penalty.item() == pytest.approx((length.item() - 1) ** 2, rel=1e-5)
    penalty.backward()  # the double backward: d/dw (|w| - 1)^2 = 2 (|w| - 1) w / |w|
    torch.testing.assert_close(weight.grad, (2 * (length - 1) * weight / length).detach(), rtol=1e-5, atol=1e-6)


def test_penalty_of_a_quadratic_critic_depends_on_the_interpolated_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compares with |x|, the slope of |x|^2 / 2, at the points between real and fake."""
    mix = torch.tensor([0.25, 1.0]).view(2, 1, 1, 1)
    monkeypatch.setattr(torch, "rand", lambda *shape, **_: mix)
    real, fake = torch.full((2, 3, 2, 2), 0.8), torch.zeros(2, 3, 2, 2)
    lengths = [mix * 0.8 * 12**0.5 for mix in (0.25, 1.0)]
    expected = sum((length - 1) ** 2 for length in lengths) / 2
    found = gradient_penalty(lambda x: x.square().flatten(1).sum(dim=1, keepdim=True) / 2, real, fake)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_a_map_of_scores_is_averaged_and_scales_are_summed() -> None:
    weight = torch.randn(12)
    real, fake = torch.rand(2, 3, 2, 2), torch.rand(2, 3, 2, 2)

    def heights(image: Tensor) -> Tensor:
        return (image.flatten(1) @ weight).view(-1, 1, 1, 1).expand(-1, 1, 4, 5)

    one = (weight.norm().item() - 1) ** 2
    assert gradient_penalty(heights, real, fake).item() == pytest.approx(one, rel=1e-4)
    both = gradient_penalty(lambda image: [heights(image), 2 * heights(image)], real, fake)
    assert both.item() == pytest.approx(one + (2 * weight.norm().item() - 1) ** 2, rel=1e-4)


def test_second_derivative_agrees_with_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    mix = torch.rand(1, 1, 1, 1, dtype=torch.float64)
    monkeypatch.setattr(torch, "rand", lambda *shape, **_: mix)
    real, fake = (torch.randn(1, 1, 5, 5, dtype=torch.float64) for _ in range(2))
    critic = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Softplus(), nn.Conv2d(2, 1, 2)).double()
    names = [name for name, _ in critic.named_parameters()]

    def penalty(*values: Tensor) -> Tensor:
        weights = dict(zip(names, values, strict=True))
        return gradient_penalty(lambda image: torch.func.functional_call(critic, weights, (image,)), real, fake)

    assert torch.autograd.gradcheck(penalty, tuple(critic.parameters()))


@pytest.mark.parametrize("name", ["CycleGAN", "UNIT"])
def test_translators_take_it_as_their_adversarial_loss(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "lerp", lambda a, b, _: (a + b) / 2)
    kind = TRANSLATORS.get(name)
    translator = kind(**{**kind.TINY, "adversarial": "wgan-gp"})
    syn, real = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    t = translator.translate(syn, real)
    losses = translator.discriminator_losses(syn, real, t)
    assert {"loss_disc_real", "loss_gp_real", "loss_gp_syn"} <= losses.keys()
    critic = translator.discriminators["real"]
    penalty = losses["loss_gp_real"]
    assert penalty.item() == pytest.approx(10 * gradient_penalty(critic, real, t.fake_real).item(), rel=1e-5)
    penalty.backward()
    assert all(torch.isfinite(p.grad).all() for p in critic.parameters() if p.grad is not None)
    assert t.fake_real.grad_fn is not None
    assert translator.generator_losses(syn, real, t)["loss_adv_real"].requires_grad
