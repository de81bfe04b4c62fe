"""The low-frequency lock: its arithmetic, which images it locks to which, and what it leaves possible."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.translators import Translator
from cyclesr.models.translators.low_frequency_lock import lock_low_frequencies
from cyclesr.registry import MODELS, TRANSLATORS


def images(*shape: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    made, image = torch.rand(2, *shape, dtype=torch.float64)
    return 3 * made - 1, image


def box_mean(image: Tensor, side: int) -> np.ndarray:
    """The mean over side x side pixels, with the image mirrored at its borders."""
    reach, (height, width) = side // 2, image.shape[-2:]
    padded = np.pad(image.numpy(), [(0, 0), (0, 0), (reach, reach), (reach, reach)], mode="symmetric")
    return sum(padded[..., y : y + height, x : x + width] for y in range(side) for x in range(side)) / side**2


@pytest.mark.parametrize("side", [3, 5, 9])
@pytest.mark.parametrize("size", [(12, 15), (9, 10)])
def test_it_is_the_formula(side: int, size: tuple[int, int]) -> None:
    made, image = images(2, 3, *size)
    expected = made.numpy() - box_mean(made, side) + box_mean(image, side)
    np.testing.assert_allclose(lock_low_frequencies(made, image, side).numpy(), expected, atol=1e-13)


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (31, 20)])
def test_the_mean_of_the_image_is_kept(size: tuple[int, int]) -> None:
    made, image = images(2, 3, *size)
    locked = lock_low_frequencies(made, image, 9)
    torch.testing.assert_close(locked.mean(dim=(-2, -1)), image.mean(dim=(-2, -1)), rtol=0, atol=1e-13)


def test_means_over_boxes_are_kept_but_for_what_their_borders_mix() -> None:
    made, image = images(1, 3, 40, 40)
    shift = lock_low_frequencies(made, image, 5) - image
    largest = (made - image).abs().max()
    for length in (5, 10, 20):
        means = nn.functional.avg_pool2d(shift, length, stride=1)
        assert means.abs().max() < 5 / length * largest
    cast = image + torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64)[:, None, None]
    torch.testing.assert_close(lock_low_frequencies(cast, image, 5), image, rtol=0, atol=1e-14)


def test_a_slow_change_is_removed_and_a_fast_one_stays() -> None:
    _, image = images(1, 3, 64, 64)
    steps = torch.arange(64, dtype=torch.float64)
    slow, fast = torch.cos(2 * torch.pi * steps / 64), torch.cos(torch.pi * steps)
    kept = [
        (lock_low_frequencies(image + wave, image, 9) - image)[0, 0, 32].std() / wave.std() for wave in (slow, fast)
    ]
    assert kept[0] < 0.04
    assert kept[1] == pytest.approx(1, abs=0.15)


def test_gradients() -> None:
    made, image = (x.requires_grad_() for x in images(1, 1, 4, 5))
    assert torch.autograd.gradcheck(lambda m, i: lock_low_frequencies(m, i, 3), (made, image))


@pytest.mark.parametrize("side", [-3, 1, 8])
def test_a_side_without_a_middle_pixel(side: int) -> None:
    with pytest.raises(UserError, match=rf"low_frequency_lock must be .* odd .* found {side}"):
        build("CycleGAN", low_frequency_lock=side)


@pytest.mark.parametrize("side", [0, 17])
def test_boxes_of_the_loss_that_do_not_fit(side: int) -> None:
    translator = build("CycleGAN", low_frequency_weight=1.0, low_frequency_side=side)
    syn, real = torch.rand(2, 1, 3, 16, 20)
    with pytest.raises(UserError, match=rf"low_frequency_side .* 16 px, found {side}"):
        translator.generator_losses(syn, real, translator.translate(syn, real))


def build(name: str, **options: Any) -> Translator:
    torch.manual_seed(0)
    return TRANSLATORS.build(dict(type=name, **TRANSLATORS.get(name).TINY, **options))


@pytest.mark.parametrize("name", ["CycleGAN", "DiscoGAN", "UNIT"])
def test_each_image_is_locked_to_what_it_is_made_of(name: str) -> None:
    quiet = dict(latent_noise=False) if name == "UNIT" else {}
    free, locked = (build(name, low_frequency_lock=side, **quiet) for side in (0, 5))
    syn, real = torch.rand(2, 2, 3, 16, 16)
    t = locked.translate(syn, real)
    to_real, to_syn = free.generators["to_real"], free.generators["to_syn"]
    pairs = [(t.fake_real, to_real, syn), (t.fake_syn, to_syn, real)]
    pairs += [(t.rec_syn, to_syn, t.fake_real), (t.rec_real, to_real, t.fake_syn)]
    for made, network, source in pairs:
        torch.testing.assert_close(made, lock_low_frequencies(network(source), source, 5))


class Add(nn.Module):
    """A generator of another package, which adds a pattern."""

    def __init__(self, residual: bool, noise_channels: int) -> None:
        super().__init__()
        self.pattern = nn.Parameter(torch.rand(3, 16, 16))

    def forward(self, image: Tensor) -> Tensor:
        return image + self.pattern


def test_a_cycle_can_still_close_exactly() -> None:
    MODELS.register_module(module=Add)
    try:
        config = dict(generator=dict(type="Add"), discriminator=dict(channels=4, num_layers=1), low_frequency_lock=9)
        translator = TRANSLATORS.build(dict(type="CycleGAN", **config))
    finally:
        del MODELS.module_dict["Add"]
    with torch.no_grad():
        translator.generators["to_syn"].pattern.copy_(-translator.generators["to_real"].pattern)
    syn, real = torch.rand(2, 2, 3, 16, 16)
    t = translator.translate(syn, real)
    assert (t.fake_real - syn).std() > 0.1
    torch.testing.assert_close(t.rec_syn, syn)
    torch.testing.assert_close(t.rec_real, real)
    torch.testing.assert_close(t.fake_real.mean(dim=(-2, -1)), syn.mean(dim=(-2, -1)))


WITHOUT_NOISE: dict[str, dict[str, Any]] = dict(
    Bulat=dict(noise_channels=0),
    CUT={},
    CinCGAN={},
    CycleGAN={},
    DRIT=dict(content_noise=False),
    DSGAN={},
    DiscoGAN={},
    DualGAN=dict(generator=dict(channels=8, num_down=2, dropout=0.0)),
    FastCUT=dict(flip=False),
    MUNIT={},
    UNIT=dict(latent_noise=False),
)


@pytest.mark.parametrize("name", WITHOUT_NOISE)
def test_degrade_is_what_translate_makes(name: str) -> None:
    torch.manual_seed(0)
    kind = TRANSLATORS.get(name)
    translator = TRANSLATORS.build(dict(type=name, **{**kind.TINY, **WITHOUT_NOISE[name]}, low_frequency_lock=5)).eval()
    syn, real = torch.rand(2, 2, 3, 16, 16)
    source = torch.rand(2, 3, 64, 64) if kind.from_hr else syn
    t = translator.translate(source, real)
    style = [t.extra["style_real"]] if "style_real" in t.extra else []
    torch.testing.assert_close(translator.degrade(source, *style), t.fake_real)
