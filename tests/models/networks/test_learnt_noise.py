"""Learnt noise compared with numpy: variance as a function of the signal, and correlation of neighbours."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from cyclesr.errors import UserError
from cyclesr.models.translators.probabilistic import LearntNoise


def test_variance_is_linear_in_the_signal() -> None:
    signals = np.linspace(0, 1, 6)
    image = torch.from_numpy(signals).view(-1, 1, 1, 1).expand(-1, 3, 150, 150)
    noise = LearntNoise(shot=0.03, read=0.02)(image).detach().numpy()
    slope, start = np.polyfit(signals, noise.var(axis=(1, 2, 3)), 1)
    assert slope == pytest.approx(0.03**2, rel=0.05)
    assert start == pytest.approx(0.02**2, rel=0.05)
    np.testing.assert_allclose(noise.mean(axis=(1, 2, 3)), 0, atol=5e-4)
    assert abs(np.corrcoef(noise[:, 0].ravel(), noise[:, 1].ravel())[0, 1]) < 0.02


def test_levels_are_those_requested() -> None:
    shot, read = LearntNoise(shot=0.03, read=0.02).levels()
    assert (shot.item(), read.item()) == pytest.approx((0.03**2, 0.02))


@pytest.mark.parametrize("signal", [-0.5, 1.5])
def test_signals_outside_the_range_have_the_noise_of_its_limits(signal: float) -> None:
    noise = LearntNoise(shot=0.03, read=0.02)(torch.full((1, 3, 200, 200), signal))
    expected = 0.02**2 + (0.03**2 if signal > 1 else 0)
    assert noise.var().item() == pytest.approx(expected, rel=0.05)


def test_spread_varies_the_level_between_images() -> None:
    noise = LearntNoise(shot=0.02, read=0.01, spread=0.5)(torch.full((400, 3, 16, 16), 0.5))
    logs = noise.flatten(1).std(dim=1).log()
    assert logs.std().item() == pytest.approx(0.5, rel=0.15)
    assert logs.mean().exp().item() == pytest.approx((0.02**2 / 2 + 0.01**2) ** 0.5, rel=0.1)


def test_grain_correlates_neighbours_and_keeps_the_variance() -> None:
    module = LearntNoise(shot=0.02, read=0.02, grain=3)
    with torch.no_grad():
        module.taps[:] = torch.tensor([[0.0, 0.2, 0.0], [0.6, 0.0, 0.4], [0.1, 0.0, 0.0]])
    noise = module(torch.ones(1, 3, 300, 300)).detach().numpy()[0]
    taps = module.filter().detach().numpy()
    expected = correlate2d(taps, taps)[2:, 2]  # at distances 0, 1 and 2 down
    variance = 0.02**2 + 0.02**2
    for distance, value in enumerate(expected):
        product = (noise[:, distance:] * noise[:, : 300 - distance]).mean()
        assert product == pytest.approx(variance * value, abs=0.02 * variance)
    assert expected[0] == pytest.approx(1)


def test_it_starts_white_and_every_parameter_learns() -> None:
    module = LearntNoise(spread=0.2, grain=3)
    assert module.filter().tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    module(torch.rand(2, 3, 16, 16)).square().mean().backward()
    assert [name for name, p in module.named_parameters() if p.grad is None or not p.grad.abs().max()] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(shot=0.0), "shot > 0.*found 0.0"),
        (dict(spread=-1.0), "spread >= 0"),
        (dict(grain=2), "grain.*found 2"),
    ],
)
def test_mistakes_are_named(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        LearntNoise(**options)
