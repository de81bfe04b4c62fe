"""The arguments that translators share: taken once, shown by each class, checked in configs."""

import inspect
from typing import Any

import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.models.translators import CUT, AdversarialTranslator, CycleGAN, FastCUT
from cyclesr.models.translators.adversarial import Adversarial, build_discriminators, discriminator_losses
from cyclesr.registry import TRANSLATORS

SHARED = list(inspect.signature(AdversarialTranslator).parameters)
SUBCLASSES = [
    "Bulat",
    "CUT",
    "CinCGAN",
    "CycleGAN",
    "DRIT",
    "DSGAN",
    "DiscoGAN",
    "DualGAN",
    "FastCUT",
    "MUNIT",
    "UNIT",
]


class Mine(CycleGAN):
    """As a plugin derives from a translator of ours."""

    def __init__(self, *, mine: int, pool_size: int = 3, **others: Any) -> None:
        super().__init__(pool_size=pool_size, **others)
        self.mine = mine


@pytest.mark.parametrize("name", SUBCLASSES)
def test_each_class_shows_the_shared_arguments(name: str) -> None:
    parameters = inspect.signature(TRANSLATORS.get(name)).parameters
    assert set(SHARED) < set(parameters)
    assert not [p for p in parameters.values() if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


def test_an_argument_that_a_class_names_itself_has_its_own_default() -> None:
    found = {name: inspect.signature(TRANSLATORS.get(name)).parameters for name in SUBCLASSES}
    modes = {name: parameters["adversarial"].default for name, parameters in found.items()}
    others = dict(DSGAN="vanilla", DiscoGAN="vanilla", DRIT="vanilla", DualGAN="wgan-gp")
    assert modes == {**dict.fromkeys(SUBCLASSES, "lsgan"), **others}
    assert [name for name in SUBCLASSES if found[name]["noise_channels"].default] == ["Bulat"]


def test_fastcut_is_cut_with_other_defaults() -> None:
    ours, theirs = (inspect.signature(kind).parameters for kind in (FastCUT, CUT))
    assert set(ours) == set(theirs)
    differing = {name: p.default for name, p in ours.items() if p.default != theirs[name].default}
    assert differing == dict(contrastive_weight=10.0, identity_weight=0.0, flip=True)


def test_a_class_derived_from_ours_shows_what_it_hands_on() -> None:
    parameters = inspect.signature(Mine).parameters
    assert list(parameters)[:2] == ["mine", "pool_size"]
    assert parameters["pool_size"].default == 3
    assert set(inspect.signature(CycleGAN).parameters) < set(parameters)
    small = dict(CycleGAN.TINY, mine=7, noise_channels=2)
    built = TRANSLATORS.build(dict(type=Mine, **small))
    assert (built.mine, built.noise_channels, built.pools["real"].size) == (7, 2, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(noise_chanels=1), "FastCUT takes no argument 'noise_chanels'. Did you mean 'noise_channels'"),
        (dict(num_patch=1), "'num_patches'"),
        (dict(noise_channels="3"), "noise_channels of FastCUT is a whole number"),
        (dict(adversarial="lsgn"), "'lsgan'"),
        (dict(free_noise=True), "noise_channels=0"),
    ],
)
def test_mistakes_in_shared_arguments(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as error:
        TRANSLATORS.build(dict(type="FastCUT", **FastCUT.TINY, **arguments))
    assert words in str(error.value)


def test_the_loss_is_weighted_halved_and_penalised_by_domain() -> None:
    discriminators = build_discriminators("PatchDiscriminator", dict(channels=4, num_layers=1))
    images, fakes = ({key: torch.rand(2, 3, 16, 16) for key in ("real", "syn")} for _ in range(2))
    loss = Adversarial("lsgan", weight=0.5, r1_weight=3.0, halved=True)
    generator = loss.generator_losses(discriminators, fakes)
    discriminator = loss.discriminator_losses(discriminators, images, dict(real=fakes["real"]))
    assert list(generator) == ["loss_adv_real", "loss_adv_syn"]
    assert list(discriminator) == ["loss_disc_real", "loss_r1_real"]
    logits = discriminators["syn"](fakes["syn"])
    torch.testing.assert_close(generator["loss_adv_syn"], 0.5 * (logits - 1).square().mean())
    whole = discriminator_losses(discriminators["real"], images["real"], fakes["real"], "lsgan", 3.0)
    torch.testing.assert_close(discriminator["loss_disc_real"], 0.5 * whole["disc"])
    torch.testing.assert_close(discriminator["loss_r1_real"], whole["r1"])
