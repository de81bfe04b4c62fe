"""The plugin's own tests; tests/contract of cyclesr covers what every SR network and translator promises."""

import pytest
import torch

from cyclesr.models.losses.gan import generator_loss
from cyclesr.registry import SR_BACKBONES, TRANSLATORS


def test_cyclesr_finds_both_by_name() -> None:
    network = SR_BACKBONES.build(dict(type="DepthwiseSR", scale=3, channels=4, num_blocks=1))
    lr = torch.rand(2, 3, 5, 7)
    bicubic = torch.nn.functional.interpolate(lr, size=(15, 21), mode="bicubic", antialias=True)
    torch.testing.assert_close(network(lr), bicubic)
    assert TRANSLATORS.get("LearntBlur").__module__ == "example_plugin.translator"


def test_the_blur_starts_sharp_and_keeps_flat_images() -> None:
    blur = TRANSLATORS.build(dict(type="LearntBlur", side=5)).generators["to_real"]
    assert blur.kernel()[2, 2] > 0.8
    torch.nn.init.normal_(blur.log_sigmas)
    torch.testing.assert_close(blur.kernel().sum(), torch.tensor(1.0))
    flat = torch.full((1, 3, 8, 9), 0.3)
    torch.testing.assert_close(blur(flat), flat)


def test_the_kernel_is_a_gaussian() -> None:
    blur = TRANSLATORS.build(dict(type="LearntBlur", side=15)).generators["to_real"]
    with torch.no_grad():
        blur.log_sigmas.copy_(torch.tensor([2.0, 1.2]).log())
    rows, columns = blur.kernel().sum(dim=1), blur.kernel().sum(dim=0)
    steps = torch.arange(-7.0, 8.0)
    assert (rows * steps**2).sum().sqrt().item() == pytest.approx(2.0, rel=0.01)
    assert (columns * steps**2).sum().sqrt().item() == pytest.approx(1.2, rel=0.01)


def test_the_kernel_learns_from_the_discriminator() -> None:
    translator = TRANSLATORS.build(dict(type="LearntBlur", adversarial_weight=2.0))
    syn, real = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    t = translator.translate(syn, real)
    losses = translator.generator_losses(syn, real, t)
    expected = 2 * generator_loss(translator.discriminators["real"](t.fake_real), "lsgan")
    torch.testing.assert_close(losses["loss_adv_real"], expected)
    losses["loss_adv_real"].backward()
    assert translator.generators["to_real"].log_sigmas.grad.abs().sum() > 0
