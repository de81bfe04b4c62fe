"""DeepLinearBlur compared with scipy's convolutions, and its penalties with their formulas."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d

from cyclesr.errors import UserError
from cyclesr.models.translators import ProbabilisticDegradation
from cyclesr.models.translators.probabilistic import DeepLinearBlur
from cyclesr.models.translators.probabilistic.deep_linear_blur import PARAMETER_UNIT


def build(**options: object) -> DeepLinearBlur:
    torch.manual_seed(0)
    return DeepLinearBlur(**{**dict(sides=(3, 5, 1), channels=4), **options}).double()


def free(kernel: np.ndarray, **options: float) -> DeepLinearBlur:
    """Makes a blur of one layer, which is the kernel."""
    blur = build(sides=(len(kernel),), **options)
    with torch.no_grad():
        blur.layers[0][0, 0] = torch.from_numpy(kernel[::-1, ::-1].copy()) / PARAMETER_UNIT
    return blur


def test_a_kernel_is_the_product_of_its_layers() -> None:
    blur = build(num_kernels=2)
    for index in range(2):
        layers = [
            PARAMETER_UNIT * layer.detach().numpy().reshape(2, -1, *layer.shape[1:])[index] for layer in blur.layers
        ]
        signals = [np.ones((1, 1))]
        for layer in layers:  # torch's convolution is a correlation
            signals = [
                sum(convolve2d(signal, w[::-1, ::-1]) for signal, w in zip(signals, weights, strict=True))
                for weights in layer
            ]
        np.testing.assert_allclose(blur.product()[index].detach().numpy(), signals[0], atol=1e-12)


def test_it_starts_near_the_identity_and_kernels_have_sum_1() -> None:
    torch.manual_seed(0)
    blur = DeepLinearBlur()
    (kernel,) = blur.kernels().detach()
    assert kernel.shape == (13, 13)
    assert kernel.sum().item() == pytest.approx(1)
    assert kernel[6, 6] > 0.9
    assert kernel.abs().sum() - kernel[6, 6].abs() < 0.5
    with torch.no_grad():
        blur.layers[0] *= 1.7
    assert blur.product().sum().item() == pytest.approx(1.7, rel=0.05)
    torch.testing.assert_close(blur.kernels()[0], kernel)


def test_penalties_by_hand() -> None:
    kernel = np.zeros((5, 5))
    kernel[2, 2], kernel[2, 3], kernel[0, 1] = 0.5, 0.5, -0.2  # sum 0.8
    blur = free(kernel, sum_weight=2.0, boundary_weight=3.0, sparse_weight=4.0, centre_weight=5.0)
    losses = {name: loss.item() for name, loss in blur.losses().items()}
    unit = kernel / 0.8
    distance = np.hypot(*np.mgrid[-2:3, -2:3])
    centre = [(unit.sum(axis) * np.arange(-2, 3)).sum() for axis in (0, 1)]
    assert losses == dict(
        loss_kernel_sum=pytest.approx(2 * 0.2),
        loss_kernel_boundary=pytest.approx(3 * (np.abs(unit) * np.exp(distance - 2)).mean()),
        loss_kernel_sparse=pytest.approx(4 * np.sqrt(np.abs(unit) + 1e-4).mean()),
        loss_kernel_centre=pytest.approx(5 * math.hypot(*centre), rel=1e-6),
    )


def test_it_can_learn_a_kernel_that_sharpens_and_is_not_symmetric() -> None:
    blur = build(sides=(7, 5, 3, 1, 1, 1), channels=4)
    target = torch.zeros(13, 13).double()
    target[6, 6], target[6, 5], target[6, 7], target[4, 6], target[8, 8] = 1.4, -0.25, -0.15, 0.1, -0.1
    image = torch.rand(1, 1, 20, 20, dtype=torch.float64)
    wanted = free(target.numpy())(image).detach()
    optimizer = torch.optim.Adam(blur.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        (blur(image) - wanted).square().mean().backward()
        optimizer.step()
    assert (blur.kernels()[0] - target).abs().max() < 0.03


def test_the_translator_adds_the_penalties_and_they_move_only_the_blur() -> None:
    blur = dict(type="DeepLinearBlur", sides=(3, 3), channels=2)
    translator = ProbabilisticDegradation(blur=blur, discriminator=dict(channels=8))
    syn, real = torch.rand(2, 2, 3, 16, 16)
    losses = translator.generator_losses(syn, real, translator.translate(syn, real))
    penalties = {name: loss for name, loss in losses.items() if name.startswith("loss_kernel_")}
    assert losses.keys() - penalties.keys() == {"loss_adv_real"}
    assert len(penalties) == 4
    sum(penalties.values()).backward()
    moved = {name for name, p in translator.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
    assert moved == {f"generators.to_real.blur.layers.{i}" for i in range(2)}


def test_under_autocast_kernels_keep_their_precision() -> None:
    blur = DeepLinearBlur(sides=(3, 3), channels=4)
    image = torch.rand(1, 3, 9, 9)
    expected = blur(image)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(blur(image), expected)


@pytest.mark.parametrize("options", [dict(sides=()), dict(sides=(3, 4)), dict(channels=0)])
def test_mistakes_are_named(options: dict) -> None:
    with pytest.raises(UserError, match=r"DeepLinearBlur needs.*odd sides"):
        DeepLinearBlur(**options)
