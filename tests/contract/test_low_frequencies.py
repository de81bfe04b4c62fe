"""Every translator with a network as G1 obeys the low-frequency lock and has the low-frequency loss."""

import inspect
from typing import Any

import pytest
import torch
from tiny_models import SCALE, batch, build, collaborative, config, finite, moved, registered, weights
from torch import Tensor

from cyclesr.degradations.imresize import imresize
from cyclesr.models.translators import Translation, Translator
from cyclesr.registry import TRANSLATORS

SIDE = 5


def taking(argument: str) -> list[str]:
    """Returns the names of the translators that take an argument."""
    kinds = registered(TRANSLATORS).items()
    return [name for name, kind in kinds if argument in inspect.signature(kind).parameters]


EVERY = pytest.mark.parametrize("name", taking("low_frequency_lock"))
ADVERSARIAL = pytest.mark.parametrize("name", taking("low_frequency_weight"))


def strong(name: str, **options: Any) -> Translator:
    """Builds a translator whose networks change colours beyond recognition."""
    torch.manual_seed(0)
    translator: Translator = TRANSLATORS.build(config(TRANSLATORS, name, **options))
    with torch.no_grad():
        for parameter in translator.generators.parameters():
            parameter.mul_(3).add_(torch.randn_like(parameter), alpha=0.1)
    return translator


def images(height: int = 17, width: int = 24) -> tuple[Tensor, Tensor, Tensor]:
    """Returns HR, syn and real; each image has a colour of its own."""
    generator = torch.Generator().manual_seed(1)
    tints = torch.rand(2, 2, 3, 1, 1, generator=generator)
    hr = tints[0] * torch.rand(2, 3, SCALE * height, SCALE * width, generator=generator)
    return hr, imresize(hr, 1 / SCALE).clamp(0, 1), tints[1] * torch.rand(2, 3, height, width, generator=generator)


def passed(translator: Translator) -> Translation:
    torch.manual_seed(2)
    hr, syn, real = images()
    return translator.translate(translator.source(syn, hr), real)


def colours(image: Tensor) -> Tensor:
    return image.double().mean(dim=(-2, -1))


def assert_same_colours(image: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(colours(image), colours(other), rtol=0, atol=5e-5)  # of values far above 1


@EVERY
@pytest.mark.parametrize("residual", [False, True])
def test_colours_are_kept_in_training_and_when_degrading(name: str, residual: bool) -> None:
    hr, syn, real = images()
    options = dict(residual=residual) if name in taking("residual") else {}
    free, locked = (strong(name, **options, low_frequency_lock=side) for side in (0, SIDE))
    assert (colours(passed(free).fake_real) - colours(syn)).abs().max() > 0.02
    t = passed(locked)
    for key, source in dict(real=syn, syn=real).items():
        for made in (t.fakes().get(key), t.reconstructions().get("syn" if key == "real" else "real")):
            if made is not None:
                assert_same_colours(made, source)
    assert_same_colours(locked.fake_real_for_sr(t), syn)
    assert_same_colours(locked.degrade(locked.source(syn, hr)), syn)


@ADVERSARIAL
def test_colours_are_kept_where_noise_is_free(name: str) -> None:
    t = passed(strong(name, noise_channels=2, free_noise=True, low_frequency_lock=SIDE))
    _, syn, _ = images()
    assert_same_colours(t.fake_real, syn)
    assert_same_colours(t.extra["quiet_real"], syn)


@EVERY
@pytest.mark.parametrize("size", [(1, 1), (5, 3)])
def test_degrade_takes_images_smaller_than_the_box(name: str, size: tuple[int, int]) -> None:
    translator = strong(name, low_frequency_lock=9).eval()
    hr, syn, _ = images(*size)
    made = translator.degrade(translator.source(syn, hr))
    assert made.shape == syn.shape
    assert_same_colours(made, syn)


@EVERY
def test_off_it_is_not_there_and_on_it_has_no_weights(name: str) -> None:
    free, locked = (strong(name, low_frequency_lock=side) for side in (0, SIDE))
    assert not [module for module in free.modules() if module._forward_hooks]
    assert free.state_dict().keys() == locked.state_dict().keys()
    default = strong(name)
    torch.testing.assert_close(passed(default), passed(free), rtol=0, atol=0)


@ADVERSARIAL
def test_a_joint_step_with_lock_and_loss_moves_g1(name: str) -> None:
    options = dict(low_frequency_lock=SIDE, low_frequency_weight=100.0)
    model, optimizers = build(collaborative() | dict(translator=config(TRANSLATORS, name, **options)))
    before = weights(model.translator.generators["to_real"])
    losses = model.train_step(batch(), optimizers)
    assert finite(losses)
    assert losses["loss_low_frequency_real"] < 1.0  # of the lock's borders only
    assert moved(model.translator.generators["to_real"], before)


@ADVERSARIAL
def test_the_loss_compares_the_means_of_boxes(name: str) -> None:
    hr, syn, real = images()
    free, weighted = (strong(name, low_frequency_weight=w, low_frequency_side=8) for w in (0.0, 3.0))
    torch.manual_seed(2)
    t = weighted.translate(weighted.source(syn, hr), real)
    added = {}
    for translator in (free, weighted):
        torch.manual_seed(3)  # CUT draws places
        added = {k: v for k, v in translator.generator_losses(syn, real, t).items() if k not in added}
    expected = {}
    for key, fake in t.fakes().items():
        source = dict(real=syn, syn=real)[key]
        boxes = [
            (fake - source)[:, :, y : y + 8, x : x + 8].mean(dim=(-2, -1)).abs() for y in (0, 8) for x in (0, 8, 16)
        ]
        expected[f"loss_low_frequency_{key}"] = 3 * torch.stack(boxes).mean().item()
    assert {key: value.item() for key, value in added.items()} == pytest.approx(expected, rel=1e-4)
