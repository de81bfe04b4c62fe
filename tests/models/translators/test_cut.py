"""CUT and FastCUT: the contrast by hand, what the heads learn from, mirrored steps."""

import inspect
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.resnet_generator import ResNetGenerator
from cyclesr.models.translators import CUT, FastCUT
from cyclesr.models.translators.cut.patch_head import PatchHead


def build(kind: type[CUT] = CUT, **options: Any) -> CUT:
    torch.manual_seed(0)
    return kind(**{**CUT.TINY, "num_patches": 1000, **options}).double()


def images() -> list[Tensor]:
    return list(torch.rand(2, 2, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))


def prefix(network: ResNetGenerator, image: Tensor, layer: int) -> Tensor:
    """The feature map, by running the modules before it alone."""
    return network.features[:layer](2 * image - 1)


def contrast(translator: CUT, source: Tensor, made: Tensor, turn: bool = False) -> float:
    """PatchNCE over all places, with loops."""
    losses = []
    for layer, head in zip(translator.layers, translator.generators["heads"], strict=True):
        query, key = (prefix(translator.generators["to_real"], image, layer) for image in (made, source))
        query = query.flip(-1) if turn else query
        vectors = [F.normalize(head.layers(x.flatten(2).mT), dim=-1) for x in (query, key)]
        total = 0.0
        for q, k in zip(*vectors, strict=True):
            logits = (q @ k.T / 0.07).exp()
            total += -(logits.diag() / logits.sum(1)).log().mean().item()
        losses.append(total / len(source))
    return sum(losses) / len(losses)


def test_defaults_are_the_papers() -> None:
    names = ("adversarial", "adversarial_weight", "contrastive_weight", "identity_weight", "flip", "temperature")
    for kind, expected in (
        (CUT, ["lsgan", 1.0, 1.0, 1.0, False, 0.07]),
        (FastCUT, ["lsgan", 1.0, 10.0, 0.0, True, 0.07]),
    ):
        parameters = inspect.signature(kind).parameters
        assert [parameters[name].default for name in names] == expected
        assert (parameters["head_width"].default, parameters["num_patches"].default) == (256, 256)
    heads = CUT(discriminator=dict(channels=4)).generators["heads"]
    assert [head.layers[0].in_features for head in heads] == [3, 128, 256, 256, 256]


def test_losses_by_hand() -> None:
    translator, (syn, real) = build(), images()
    to_real, judge = translator.generators["to_real"], translator.discriminators["real"]
    t = translator.translate(syn, real)
    losses = translator.generator_losses(syn, real, t)
    fake_real, same_real = to_real(syn), to_real(real)
    torch.testing.assert_close(t.fake_real, fake_real)
    expected = dict(
        loss_adv_real=(judge(fake_real) - 1).pow(2).mean().item(),
        loss_nce_syn=contrast(translator, syn, fake_real),
        loss_nce_real=contrast(translator, real, same_real),
    )
    assert losses.keys() == expected.keys()
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(expected, rel=1e-6)
    judged = translator.discriminator_losses(syn, real, t)
    by_hand = 0.5 * ((judge(real) - 1).pow(2).mean() + judge(fake_real).pow(2).mean())
    assert list(judged) == ["loss_disc_real"]
    assert judged["loss_disc_real"].item() == pytest.approx(by_hand.item(), rel=1e-9)


def test_as_many_random_places_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    translator, (syn, real) = build(num_patches=4, head_width=8), images()
    shown: list[Tensor] = []
    monkeypatch.setattr(
        "cyclesr.models.translators.cut.translator.patch_nce", lambda q, k, t: shown.append(k) or q.sum()
    )
    t = translator.translate(syn, real)
    translator.generator_losses(syn, real, t)
    assert [tuple(key.shape) for key in shown] == [(2, 4, 8)] * 6
    vectors = translator.generators["heads"][0](t.extra["key_syn_0"], torch.arange(256))
    found = (shown[0][:, :, None] - vectors[:, None]).norm(dim=-1).argmin(dim=-1)
    assert torch.equal(found[0], found[1])  # the same of both images
    assert len(set(found[0].tolist())) == 4
    again: list[Tensor] = list(shown)
    translator.generator_losses(syn, real, t)
    assert not torch.equal(again[0], shown[6])


def test_the_generators_optimizer_has_the_heads_and_trains_them() -> None:
    translator, (syn, real) = build(), images()
    optimizer = torch.optim.Adam(translator.generators.parameters(), 1e-2)
    names = {name for name, _ in translator.generators.named_parameters()}
    assert sum(name.startswith("heads.") for name in names) == 4 * len(translator.layers)
    first = None
    for _ in range(20):
        t = translator.translate(syn, real)
        loss = translator.generator_losses(syn, real, t)["loss_nce_syn"]
        optimizer.zero_grad()
        loss.backward(inputs=list(translator.generators["heads"].parameters()))
        optimizer.step()
        first = first or loss.item()
    assert loss.item() < 0.8 * first


def test_the_contrast_moves_g1_through_what_it_made_alone() -> None:
    """The source's features are constants: without the image that was made, no gradient is left."""
    translator, (syn, real) = build(), images()
    t = translator.translate(syn, real)
    keys = {name: value for name, value in t.extra.items() if name.startswith("key")}
    assert len(keys) == 2 * len(translator.layers)
    assert not any(key.requires_grad for key in keys.values())
    weight = translator.generators["to_real"].tail.weight  # no layer that is compared comes after it
    (gradient,) = torch.autograd.grad(translator.generator_losses(syn, real, t)["loss_nce_syn"], weight)
    assert gradient.abs().max() > 0


@pytest.mark.parametrize("mirrored", [True, False])
def test_mirrored_steps(mirrored: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    translator, (syn, real) = build(FastCUT), images()
    monkeypatch.setattr(torch, "rand", lambda *size: torch.tensor(0.4 if mirrored else 0.6))
    to_real = translator.generators["to_real"]
    t = translator.translate(syn, real)
    made = to_real(syn.flip(-1)) if mirrored else to_real(syn)
    torch.testing.assert_close(t.fake_real, made.flip(-1) if mirrored else made)
    losses = translator.generator_losses(syn, real, t)
    assert losses.keys() == {"loss_adv_real", "loss_nce_syn"}
    expected = 10 * contrast(translator, syn, made, turn=mirrored)
    assert losses["loss_nce_syn"].item() == pytest.approx(expected, rel=1e-6)


def test_mirrored_quiet_images_lie_on_the_noisy_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    translator, (syn, real) = build(FastCUT, free_noise=True, noise_channels=1, residual=True), images()
    nn.init.normal_(translator.generators["to_real"].tail.weight, std=1e-3)
    monkeypatch.setattr(torch, "rand", lambda *size: torch.tensor(0.0))
    t = translator.translate(syn, real)
    assert (t.extra["quiet_real"] - t.fake_real).abs().max() < 0.05 < (t.fake_real - syn.flip(-1)).abs().max()


def test_passes_are_joined() -> None:
    translator, (syn, real) = build(), images()
    to_real, sizes = translator.generators["to_real"], []
    to_real.features[0].register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    translator.translate(syn, real)
    assert sizes == [4, 4]  # both images, then both of what was made of them


@pytest.mark.parametrize("norm", ["instance", "none"])
def test_features_are_those_before_the_activation(norm: str) -> None:
    network = ResNetGenerator(4, 1, 1, norm).double()
    image = torch.rand(1, 3, 8, 8, dtype=torch.float64)
    layers = (0, 1, 4, 7, 10)
    out, *maps = network.with_features(image, layers)
    assert torch.equal(out, network(image))
    for layer, features, encoded in zip(layers, maps, network.encode(image, layers), strict=True):
        x = 2 * image - 1
        for module in network.features[:layer]:
            x = F.relu(x) if isinstance(module, nn.ReLU) else module(x)
        torch.testing.assert_close(features, x)
        assert torch.equal(encoded, features)
    assert network.feature_channels(layers) == [m.shape[1] for m in maps] == [3, 4, 8, 8, 4]


def test_a_head_looks_at_its_places_alone() -> None:
    head, features = PatchHead(3, 5), torch.rand(2, 3, 4, 6)
    made = head(features, torch.tensor([0, 7, 23]))
    assert made.shape == (2, 3, 5)
    torch.testing.assert_close(made.norm(dim=-1), torch.ones(2, 3))
    torch.testing.assert_close(made[1, 1], F.normalize(head.layers(features[1, :, 1, 1]), dim=0))


def test_mistakes_are_named() -> None:
    for layers in ((0, 11), (4, 0), (), (-1, 2)):
        with pytest.raises(UserError, match=r"layers must be increasing numbers from 0 to 10, found \["):
            build(layers=layers)
    with pytest.raises(UserError, match=r"FastCUT compares .* and Hourglass shows none"):
        build(FastCUT, generator=dict(type="Hourglass", channels=4, num_down=1))
