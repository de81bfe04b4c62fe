"""A translator of one direction is a translator: the base asks for G1 alone."""

import pytest
import torch
from torch import Tensor, nn

from cyclesr.models.translators import Translation, Translator
from cyclesr.models.translators.adversarial import Adversarial, build_discriminators, discriminator_losses


class Brighter(Translator):
    """G1 adds a learnt constant; D1 is a patch discriminator."""

    def __init__(self) -> None:
        super().__init__()
        self.generators = nn.ModuleDict({"to_real": nn.Conv2d(3, 3, 1)})
        self.discriminators = build_discriminators("PatchDiscriminator", dict(channels=4, num_layers=1), ["real"])

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        return Translation(self.generators["to_real"](syn), extra=dict(pixel=syn))

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        return Adversarial("lsgan", 2.0).generator_losses(self.discriminators, t.fakes())

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        return discriminator_losses(self.discriminators["real"], real, t.fake_real, "lsgan", 0.0)


def test_the_images_of_a_one_sided_pass() -> None:
    syn, real = torch.rand(2, 1, 3, 16, 16)
    translator = Brighter()
    t = translator.translate(syn, real)
    assert (t.fake_syn, t.rec_syn, t.rec_real) == (None, None, None)
    assert list(t.fakes()) == ["real"]
    assert torch.equal(t.fakes()["real"], translator.degrade(syn))
    assert t.reconstructions() == {}
    assert torch.equal(translator.fake_real_for_sr(t), t.fake_real)


def test_its_losses_are_those_of_the_domain_real() -> None:
    syn, real = torch.rand(2, 1, 3, 16, 16)
    translator = Brighter()
    t = translator.translate(syn, real)
    losses = translator.generator_losses(syn, real, t)
    assert list(losses) == ["loss_adv_real"]
    logits = translator.discriminators["real"](t.fake_real)
    assert losses["loss_adv_real"].item() == (2 * (logits - 1).square().mean()).item()
    assert list(translator.discriminators) == ["real"]


def test_the_images_of_both_directions_by_domain() -> None:
    fake_real, fake_syn, rec_syn, rec_real = torch.rand(4, 1, 3, 4, 4)
    t = Translation(fake_real, fake_syn, rec_syn, rec_real)
    assert [(k, v.data_ptr()) for k, v in t.fakes().items()] == [
        ("real", fake_real.data_ptr()),
        ("syn", fake_syn.data_ptr()),
    ]
    assert [(k, v.data_ptr()) for k, v in t.reconstructions().items()] == [
        ("syn", rec_syn.data_ptr()),
        ("real", rec_real.data_ptr()),
    ]


def test_the_former_name_of_fake_real_for_sr_still_counts() -> None:
    with pytest.warns(FutureWarning, match="fake_real_for_sr"):

        class Held(Brighter):
            def held_fake_real(self, t: Translation) -> Tensor:
                return t.fake_real.detach()

    translator = Held()
    assert not translator.fake_real_for_sr(translator.translate(*torch.rand(2, 1, 3, 16, 16))).requires_grad
