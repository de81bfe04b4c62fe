"""Adversarial losses compared with values computed by hand."""

import math

import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.gan import (
    GAN_MODES,
    GANMode,
    check_mode,
    discriminator_loss,
    generator_loss,
    r1_penalty,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
)
from cyclesr.models.losses.kl import unit_variance_kl

REAL = torch.tensor([[2.0, 0.0]])
FAKE = torch.tensor([[-1.0, 3.0]])


@pytest.mark.parametrize(
    ("mode", "generator", "discriminator"),
    [
        ("lsgan", (4 + 4) / 2, (1 + 1) / 2 + (1 + 9) / 2),
        (
            "vanilla",
            (math.log1p(math.e) + math.log1p(math.exp(-3))) / 2,
            (math.log1p(math.exp(-2)) + math.log(2)) / 2 + (math.log1p(math.exp(-1)) + math.log1p(math.exp(3))) / 2,
        ),
        ("hinge", -1.0, 1 / 2 + 4 / 2),
        ("wgan-gp", -1.0, 1.0 - 1.0),
    ],
)
def test_values_by_hand(mode: GANMode, generator: float, discriminator: float) -> None:
    assert generator_loss(FAKE, mode).item() == pytest.approx(generator, rel=1e-6)
    assert discriminator_loss(REAL, FAKE, mode).item() == pytest.approx(discriminator, rel=1e-6)


@pytest.mark.parametrize("mode", GAN_MODES)
def test_scales_are_summed(mode: GANMode) -> None:
    assert generator_loss([FAKE, REAL], mode) == generator_loss(FAKE, mode) + generator_loss(REAL, mode)
    both = discriminator_loss([REAL, FAKE], [FAKE, REAL], mode)
    assert both == discriminator_loss(REAL, FAKE, mode) + discriminator_loss(FAKE, REAL, mode)


@pytest.mark.parametrize("mode", GAN_MODES)
def test_gradients_agree_with_finite_differences(mode: GANMode) -> None:
    real, fake = (torch.randn(2, 1, 3, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda f: generator_loss(f, mode), (fake,))
    assert torch.autograd.gradcheck(lambda r, f: discriminator_loss(r, f, mode), (real, fake))


def test_relativistic_losses_against_the_formula_in_probabilities() -> None:
    sigma = torch.sigmoid  # means: REAL 1, FAKE 1
    real_wins, fake_wins = sigma(REAL - FAKE.mean()), sigma(FAKE - REAL.mean())
    discriminator = -real_wins.log().mean() - (1 - fake_wins).log().mean()
    generator = -(1 - real_wins).log().mean() - fake_wins.log().mean()
    assert relativistic_discriminator_loss(REAL, FAKE).item() == pytest.approx(discriminator.item(), rel=1e-6)
    assert relativistic_generator_loss(REAL, FAKE).item() == pytest.approx(generator.item(), rel=1e-6)
    by_hand = sum(math.log1p(math.exp(x)) for x in (-1, 1, -2, 2)) / 2
    assert relativistic_discriminator_loss(REAL, FAKE).item() == pytest.approx(by_hand, rel=1e-6)


def test_relativistic_losses_depend_on_differences_only_and_do_not_overflow() -> None:
    for loss in (relativistic_discriminator_loss, relativistic_generator_loss):
        assert loss(REAL + 5, FAKE + 5).item() == pytest.approx(loss(REAL, FAKE).item(), rel=1e-6)
    assert relativistic_discriminator_loss(REAL + 1e4, FAKE).item() == 0.0
    assert relativistic_generator_loss(REAL + 1e4, FAKE).item() == pytest.approx(2e4, rel=1e-6)


def test_relativistic_gradients_agree_with_finite_differences() -> None:
    real, fake = (torch.randn(3, 1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(relativistic_generator_loss, (real, fake))
    assert torch.autograd.gradcheck(relativistic_discriminator_loss, (real, fake))


def test_unknown_mode_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"adversarial.*'lsgann'.*'lsgan'"):
        check_mode("lsgann")


def test_r1_of_a_linear_discriminator_is_its_squared_weight() -> None:
    conv = nn.Conv2d(3, 1, 1)
    image = torch.rand(2, 3, 4, 4, requires_grad=True)
    penalty = r1_penalty(conv(image), image)
    assert penalty.item() == pytest.approx(conv.weight.square().sum().item(), rel=1e-6)
    penalty.backward()
    assert torch.allclose(conv.weight.grad, 2 * conv.weight)  # the second derivative


def test_r1_against_finite_differences_of_the_logits() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Softplus(), nn.Conv2d(2, 1, 2)).double()
    image = torch.rand(1, 1, 5, 5, dtype=torch.float64, requires_grad=True)
    epsilon = 1e-6
    slopes = []
    for i in range(25):
        step = torch.zeros(25, dtype=torch.float64)
        step[i] = epsilon
        up, down = (net(image.detach() + s * step.view(1, 1, 5, 5)).sum() for s in (1, -1))
        slopes.append(((up - down) / (2 * epsilon)).item())
    assert r1_penalty(net(image).double(), image).item() == pytest.approx(sum(s * s for s in slopes) / 25, rel=1e-5)


def test_r1_does_not_depend_on_crop_size() -> None:
    conv = nn.Conv2d(3, 1, 1)

    def penalty(size: int) -> Tensor:
        image = torch.rand(1, 3, size, size, requires_grad=True)
        return r1_penalty(conv(image), image)

    assert penalty(4).item() == pytest.approx(penalty(16).item(), rel=1e-6)


def test_kl_is_the_mean_square() -> None:
    assert unit_variance_kl(torch.tensor([[1.0, -2.0], [0.0, 3.0]])).item() == 14 / 4


def test_kl_is_twice_the_textbook_kl_per_entry() -> None:
    mean = torch.randn(2, 3, 4, 4)
    normal = torch.distributions.Normal
    exact = torch.distributions.kl_divergence(normal(mean, 1.0), normal(0.0, 1.0)).mean()
    assert unit_variance_kl(mean).item() == pytest.approx(2 * exact.item(), rel=1e-5)
