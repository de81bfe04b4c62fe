"""DiscoGAN and DualGAN: each loss by hand, the order of the passes, and the papers' defaults."""

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cyclesr.models.networks import Hourglass
from cyclesr.models.translators import DiscoGAN, DualGAN
from cyclesr.models.translators.two_cycles import TwoCycles

BOTH = pytest.mark.parametrize("kind", [DiscoGAN, DualGAN])
CERTAIN = dict(channels=4, num_down=2, dropout=0.0, norm="instance")


def build(kind: type[TwoCycles], **options: Any) -> TwoCycles:
    torch.manual_seed(0)
    return kind(**{**kind.TINY, "generator": CERTAIN, **options}).double()


def images() -> list[Tensor]:
    return list(torch.rand(2, 2, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))


def test_default_weights_are_the_papers() -> None:
    names = ("adversarial", "adversarial_weight", "cycle_weight", "residual", "noise_channels")
    for kind, expected in ((DiscoGAN, ["vanilla", 1.0, 1.0, False, 0]), (DualGAN, ["wgan-gp", 1.0, 100.0, False, 0])):
        assert [inspect.signature(kind).parameters[name].default for name in names] == expected


def test_discogan_by_hand() -> None:
    translator, (syn, real) = build(DiscoGAN), images()
    to_real, to_syn = translator.generators["to_real"], translator.generators["to_syn"]
    t = translator.translate(syn, real)
    losses = translator.generator_losses(syn, real, t)
    fakes = dict(real=to_real(syn), syn=to_syn(real))
    expected = dict(
        loss_cycle_syn=(to_syn(fakes["real"]) - syn).pow(2).mean(),
        loss_cycle_real=(to_real(fakes["syn"]) - real).pow(2).mean(),
    )
    for key, fake in fakes.items():
        expected[f"loss_adv_{key}"] = -torch.sigmoid(translator.discriminators[key](fake)).log().mean()
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-9)
    judged = translator.discriminator_losses(syn, real, t)
    assert list(judged) == ["loss_disc_real", "loss_disc_syn"]
    for key, image in (("real", real), ("syn", syn)):
        judge = translator.discriminators[key]
        p_image, p_fake = (torch.sigmoid(judge(x)) for x in (image, fakes[key]))
        by_hand = -(p_image.log().mean() + (1 - p_fake).log().mean()) / 2
        assert judged[f"loss_disc_{key}"].item() == pytest.approx(by_hand.item(), rel=1e-9)


def test_dualgan_by_hand() -> None:
    translator, (syn, real) = build(DualGAN), images()
    to_real, to_syn = translator.generators["to_real"], translator.generators["to_syn"]
    t = translator.translate(syn, real)
    fakes = dict(real=to_real(syn), syn=to_syn(real))
    expected = dict(
        loss_adv_real=-translator.discriminators["real"](fakes["real"]).mean(),
        loss_adv_syn=-translator.discriminators["syn"](fakes["syn"]).mean(),
        loss_cycle_syn=100 * (to_syn(fakes["real"]) - syn).abs().mean(),
        loss_cycle_real=100 * (to_real(fakes["syn"]) - real).abs().mean(),
    )
    losses = translator.generator_losses(syn, real, t)
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-9)
    torch.manual_seed(3)
    judged = translator.discriminator_losses(syn, real, t)
    torch.manual_seed(3)
    for key, image in (("real", real), ("syn", syn)):
        judge, fake = translator.discriminators[key], fakes[key].detach()
        difference = judge(fake).mean() - judge(image).mean()
        mix = torch.rand(2, 1, 1, 1, dtype=torch.float64)
        between = (mix * image + (1 - mix) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(judge(between).flatten(1).mean(1).sum(), between)
        penalty = 10 * (slope.flatten(1).norm(dim=1) - 1).pow(2).mean()
        assert judged[f"loss_disc_{key}"].item() == pytest.approx(difference.item(), rel=1e-9)
        assert judged[f"loss_gp_{key}"].item() == pytest.approx(penalty.item(), rel=1e-9)


class Counted(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.calls = network, 0

    def forward(self, image: Tensor, noise_level: float = 1.0) -> Tensor:
        self.calls += 1
        return self.network(image, noise_level)


@BOTH
@pytest.mark.parametrize(
    ("weight", "calls"), [(1.0, (1, 2)), (dict(syn=1.0, real=0.0), (1, 2)), (dict(syn=0.0, real=1.0), (1, 1))]
)
def test_both_uses_of_g1_are_one_pass(kind: type[TwoCycles], weight: Any, calls: tuple[int, int]) -> None:
    translator, (syn, real) = build(kind, cycle_weight=weight), images()
    for key in translator.generators:
        translator.generators[key] = Counted(translator.generators[key])
    t = translator.translate(syn, real)
    assert tuple(network.calls for network in translator.generators.values()) == calls
    weights = weight if isinstance(weight, dict) else dict(syn=weight, real=weight)
    assert t.reconstructions().keys() == {key for key, value in weights.items() if value}
    names = {name for name in translator.generator_losses(syn, real, t) if "cycle" in name}
    assert names == {f"loss_cycle_{key}" for key in t.reconstructions()}


@BOTH
def test_noise_is_for_g1_alone(kind: type[TwoCycles]) -> None:
    generators = build(kind, noise_channels=2).generators
    assert [generators[key].noise_channels for key in ("to_real", "to_syn")] == [2, 0]


@BOTH
def test_r1_is_added_where_it_has_a_weight(kind: type[TwoCycles]) -> None:
    translator, (syn, real) = build(kind, r1_weight=4.0), images()
    losses = translator.discriminator_losses(syn, real, translator.translate(syn, real))
    image = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(translator.discriminators["real"](image).sum(), image)
    assert losses["loss_r1_real"].item() == pytest.approx(2 * gradient.square().sum(1).mean().item(), rel=1e-6)


def test_dualgan_keeps_its_unet_when_sizes_are_given() -> None:
    for config in (dict(channels=2), dict(type="Hourglass", channels=2)):
        network = DualGAN(generator=config, discriminator=dict(channels=4)).generators["to_real"]
        assert isinstance(network, Hourglass)
        assert (network.skips, network.dropout, len(network.downs)) == (True, 0.5, 8)
    other = DualGAN(generator=dict(type="ResNetGenerator", channels=4, num_blocks=1)).generators["to_real"]
    assert type(other).__name__ == "ResNetGenerator"
