"""What every translator promises, whatever is registered: sizes, losses, who learns from them, nothing left behind."""

import inspect
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from cyclesr.models.translators import CameraDegradation, Translation, Translator
from cyclesr.registry import TRANSLATORS

SCALE = 2
TRANSLATORS.import_from_location()
KINDS = {name: kind for name, kind in TRANSLATORS.module_dict.items() if not kind.__module__.startswith("test_")}


class RefinedCamera(CameraDegradation):
    """With the option that gives it weights."""

    TINY: ClassVar[dict[str, Any]] = {**CameraDegradation.TINY, "refine": dict(discriminator=dict(channels=8))}


KINDS["RefinedCamera"] = RefinedCamera
EVERY = pytest.mark.parametrize("name", sorted(KINDS))
LEARNING = pytest.mark.parametrize("name", sorted(KINDS.keys() - {"CameraDegradation"}))  # which has no weights
FED_BACK = pytest.mark.parametrize("name", sorted(KINDS.keys() - {"CameraDegradation", "RefinedCamera"}))


def takes(name: str, argument: str) -> bool:
    return argument in inspect.signature(KINDS[name]).parameters


def build(name: str, **options: Any) -> Translator:
    torch.manual_seed(0)
    scale = dict(scale=SCALE) if takes(name, "scale") else {}
    translator: Translator = KINDS[name](**{**KINDS[name].TINY, **scale, **options})
    return translator


def images(height: int = 16, width: int = 16) -> tuple[Tensor, Tensor, Tensor]:
    """HR, syn and real."""
    generator = torch.Generator().manual_seed(1)
    syn, real = torch.rand(2, 2, 3, height, width, generator=generator)
    return torch.rand(2, 3, SCALE * height, SCALE * width, generator=generator), syn, real


def passed(translator: Translator, hr: Tensor, syn: Tensor, real: Tensor, seed: int = 2) -> Translation:
    torch.manual_seed(seed)
    return translator.translate(translator.source(syn, hr), real)


@EVERY
@pytest.mark.parametrize("size", [(16, 16), (17, 23)])
def test_every_image_keeps_its_size(name: str, size: tuple[int, int]) -> None:
    translator = build(name)
    hr, syn, real = images(*size)
    t = passed(translator, hr, syn, real)
    assert all(image.shape == syn.shape for image in [*t.fakes().values(), *t.reconstructions().values()])
    for losses in (translator.generator_losses(syn, real, t), translator.discriminator_losses(syn, real, t)):
        assert all(key.startswith("loss_") and loss.shape == () for key, loss in losses.items())
        assert all(torch.isfinite(loss) for loss in losses.values())


@EVERY
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (9, 14)])
def test_degrade_takes_any_size(name: str, size: tuple[int, int]) -> None:
    translator = build(name).eval()
    hr, syn, _ = images(*size)
    made = translator.degrade(translator.source(syn, hr))
    assert made.shape == syn.shape
    assert torch.isfinite(made).all()


@LEARNING
def test_each_loss_reaches_its_own_networks_and_all_of_them(name: str) -> None:
    translator = build(name)
    hr, syn, real = images()
    t = passed(translator, hr, syn, real)
    losses = translator.generator_losses(syn, real, t)
    sum(losses.values()).backward(inputs=list(translator.generators.parameters()), retain_graph=True)
    assert [n for n, p in translator.generators.named_parameters() if p.grad is None] == []
    translator.zero_grad()
    if judged := translator.discriminator_losses(syn, real, t):
        sum(judged.values()).backward()
    assert [n for n, p in translator.discriminators.named_parameters() if p.grad is None] == []
    assert [n for n, p in translator.generators.named_parameters() if p.grad is not None] == []


@FED_BACK
def test_feedback_reaches_g1_through_what_the_sr_network_sees(name: str) -> None:
    translator = build(name)
    t = passed(translator, *images())
    held = translator.fake_real_for_sr(t)
    torch.testing.assert_close(held, t.fake_real)
    held.square().mean().backward()
    assert any(p.grad is not None and p.grad.abs().max() > 0 for p in translator.generators["to_real"].parameters())


@EVERY
def test_a_step_leaves_nothing_on_the_translator(name: str) -> None:
    translator = build(name)
    modules = list(translator.modules())
    before = [dict(vars(module)) for module in modules]
    hr, syn, real = images()
    t = passed(translator, hr, syn, real)
    translator.generator_losses(syn, real, t)
    translator.discriminator_losses(syn, real, t)
    assert list(translator.modules()) == modules
    for module, attributes in zip(modules, before, strict=True):
        assert all(vars(module)[key] is value for key, value in attributes.items())
        assert vars(module).keys() == attributes.keys()


@EVERY
def test_the_adversarial_weight_is_the_generators_alone(name: str) -> None:
    if not takes(name, "adversarial_weight"):
        pytest.skip("its adversarial losses have no weight")
    hr, syn, real = images()
    results = []
    for weight in (1.0, 3.0):
        translator = build(name, adversarial_weight=weight)
        t = passed(translator, hr, syn, real)
        torch.manual_seed(3)
        results.append((translator.generator_losses(syn, real, t), translator.discriminator_losses(syn, real, t)))
    (one, judged), (three, judged_too) = results
    assert one.keys() == three.keys()
    for key in one:
        factor = 3 if key.startswith("loss_adv") else 1
        assert three[key].item() == pytest.approx(factor * one[key].item(), rel=1e-4)
    assert {k: v.item() for k, v in judged.items()} == pytest.approx({k: v.item() for k, v in judged_too.items()})


@EVERY
def test_noise_makes_degrade_uncertain_and_quiet_feedback_leaves_it_alone(name: str) -> None:
    if not takes(name, "noise_channels"):
        pytest.skip("it takes no noise beside its input")
    noisy = build(name, noise_channels=1).eval()
    hr, syn, real = images()
    source = noisy.source(syn, hr)
    assert not torch.equal(noisy.degrade(source), noisy.degrade(source))
    if takes(name, "free_noise"):
        free = build(name, noise_channels=1, free_noise=True)
        t = passed(free, hr, syn, real)
        assert (t.fake_real - t.extra["quiet_real"]).abs().max() > 0
        torch.testing.assert_close(free.fake_real_for_sr(t), t.fake_real)


@EVERY
def test_a_residual_translator_starts_with_the_image_itself(name: str) -> None:
    if not takes(name, "residual") or KINDS[name].from_hr:
        pytest.skip("it has no such start")
    _, syn, _ = images(9, 14)
    torch.testing.assert_close(build(name, residual=True).degrade(syn), syn)


@EVERY
def test_the_expected_degradation_draws_nothing_and_passes_gradients(name: str) -> None:
    translator = build(name, **(dict(noise_channels=2) if takes(name, "noise_channels") else {}))
    hr, syn, _ = images()
    source = translator.source(syn, hr).requires_grad_()
    made = translator.expected(source)
    assert made.shape == syn.shape
    assert torch.equal(made, translator.expected(source))
    (gradient,) = torch.autograd.grad(made.square().mean(), source)
    assert gradient.abs().max() > 0
