"""CinCGAN's inner cycle in both orders: each loss by hand, and who is judged."""

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.translators import CinCGAN

STARTS = pytest.mark.parametrize(("start", "judged"), [("syn", "real"), ("real", "syn")])


def build(**options: Any) -> CinCGAN:
    torch.manual_seed(0)
    generator = {**CinCGAN.TINY["generator"], "norm": "instance"}
    judge = {**CinCGAN.TINY["discriminator"], "norm": "instance"}
    return CinCGAN(**{"generator": generator, "discriminator": judge, **options}).double()


def images() -> dict[str, Tensor]:
    syn, real = torch.rand(2, 2, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return dict(syn=syn, real=real)


def test_default_weights_are_the_papers() -> None:
    names = ("adversarial", "adversarial_weight", "cycle_weight", "identity_weight", "tv_weight", "start")
    parameters = inspect.signature(CinCGAN).parameters
    assert [parameters[name].default for name in names] == ["lsgan", 1.0, 10.0, 5.0, 0.5, "syn"]


def test_default_networks_have_the_published_layers() -> None:
    translator = CinCGAN()
    kernels = [tuple(m.weight.shape) for m in translator.generators["to_real"].modules() if isinstance(m, nn.Conv2d)]
    assert kernels == [(64, 3, 7, 7), *[(64, 64, 3, 3)] * (2 + 12 + 2), (3, 64, 7, 7)]
    kernels = [tuple(m.weight.shape) for m in translator.discriminators.modules() if isinstance(m, nn.Conv2d)]
    assert kernels == [(64, 3, 4, 4), (128, 64, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4), (1, 512, 4, 4)]


@STARTS
def test_losses_by_hand(start: str, judged: str) -> None:
    translator, given = build(start=start), images()
    there, back = (translator.generators[f"to_{domain}"] for domain in (judged, start))
    t = translator.translate(**given)
    assert list(translator.discriminators) == [judged]
    turn = there(given[start])
    torch.testing.assert_close(t.fakes()[judged], turn)
    torch.testing.assert_close(t.fake_real, translator.generators["to_real"](given["syn"]))
    assert list(t.reconstructions()) == [start]
    judge = translator.discriminators[judged]
    rows, columns = (turn[..., 1:, :] - turn[..., :-1, :]), (turn[..., :, 1:] - turn[..., :, :-1])
    expected = {
        f"loss_adv_{judged}": (judge(turn) - 1).pow(2).mean(),
        f"loss_cycle_{start}": 10 * (back(turn) - given[start]).pow(2).mean(),
        f"loss_identity_{judged}": 5 * (there(given[judged]) - given[judged]).abs().mean(),
        f"loss_tv_{judged}": 0.5 * (rows.abs().mean() + columns.abs().mean()),
    }
    losses = translator.generator_losses(**given, t=t)
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-9), name
    disc = translator.discriminator_losses(**given, t=t)
    by_hand = (judge(given[judged]) - 1).pow(2).mean() + judge(turn).pow(2).mean()
    assert list(disc) == [f"loss_disc_{judged}"]
    assert disc[f"loss_disc_{judged}"].item() == pytest.approx(by_hand.item(), rel=1e-9)


@STARTS
def test_passes_are_joined(start: str, judged: str) -> None:
    translator = build(start=start)
    sizes: dict[str, list[int]] = {}
    for key, network in translator.generators.items():
        network.register_forward_hook(lambda m, i, out, key=key: sizes.setdefault(key, []).append(len(out)))
    translator.translate(**images())
    assert sizes == ({"to_real": [4], "to_syn": [2]} if start == "syn" else {"to_syn": [4], "to_real": [4]})


def test_terms_of_weight_zero_are_absent() -> None:
    translator, given = build(identity_weight=0.0, tv_weight=0.0), images()
    t = translator.translate(**given)
    assert t.extra == {}
    assert list(translator.generator_losses(**given, t=t)) == ["loss_adv_real", "loss_cycle_syn"]


@STARTS
def test_both_generators_learn(start: str, judged: str) -> None:
    translator, given = build(start=start, noise_channels=1), images()
    sum(translator.generator_losses(**given, t=translator.translate(**given)).values()).backward()
    for generator in translator.generators.values():
        assert all(p.grad.isfinite().all() for p in generator.parameters())
        assert sum(p.grad.norm() for p in generator.parameters()) > 0
    assert [translator.generators[key].noise_channels for key in ("to_real", "to_syn")] == [1, 0]


def test_another_start_is_a_mistake() -> None:
    with pytest.raises(UserError, match="start must be syn or real, found 'hr'"):
        build(start="hr")
