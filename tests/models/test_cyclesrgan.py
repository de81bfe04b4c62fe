"""Eq. (3) whole: pixel, perceptual and adversarial terms of the SR loss, and the discriminator D_h."""

import copy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from test_collaborative import PARTS, assert_near, batch, build, moved_parts, weights
from torch import Tensor, nn

from cyclesr.engine.loop import train_step
from cyclesr.errors import UserError
from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.models.losses.gan import discriminator_loss, generator_loss
from cyclesr.models.sr_adversarial import SRAdversarial
from cyclesr.models.stages import Stage
from cyclesr.models.supervised import SupervisedSR
from cyclesr.optim.parts import PartOptimizersConstructor
from cyclesr.registry import MODELS

ADAM = dict(optimizer=dict(type="Adam", lr=1e-2))
DISCRIMINATOR = dict(type="VGGDiscriminator", crop=16, channels=2)


@pytest.fixture
def terms(tmp_path: Path) -> dict[str, Any]:
    """The fields that CycleSRGAN has beyond CycleSR."""
    generator = torch.Generator().manual_seed(3)
    state = {"0.weight": torch.randn(64, 3, 3, 3, generator=generator), "0.bias": torch.zeros(64)}
    torch.save(state, tmp_path / "vgg16.pth")
    return dict(
        perceptual=dict(weight=2.0, network="vgg16", layers=dict(conv1_1=1.0), weights=str(tmp_path)),
        sr_adversarial=dict(discriminator=dict(DISCRIMINATOR), weight=0.5),
    )


def whole(terms: dict[str, Any], **changes: Any) -> tuple[CollaborativeSR, Any]:
    return build(parts=(*PARTS, "sr_discriminator"), **terms, **changes)


def stepped(module: nn.Module, total: Tensor) -> list[Tensor]:
    """The weights of a module after a step of Adam down a scalar."""
    parameters = list(module.parameters())
    adam = torch.optim.Adam(parameters, lr=1e-2)
    for parameter, gradient in zip(parameters, torch.autograd.grad(total, parameters, retain_graph=True), strict=True):
        parameter.grad = gradient
    adam.step()
    return parameters


@pytest.mark.parametrize(
    ("stage", "parts"),
    [
        (Stage.TRANSLATION, {"generators", "discriminators"}),
        (Stage.SR, {"sr", "sr_adversarial"}),
        (Stage.SR_ON_FAKE, {"sr", "sr_adversarial"}),
        (Stage.JOINT, {"generators", "discriminators", "sr", "sr_adversarial"}),
    ],
)
@pytest.mark.parametrize("optimisation", ["joint", "alternating"])
def test_only_the_phase_moves_and_each_part_gets_one_gradient(stage, parts, optimisation, terms) -> None:
    model, optimizers = whole(terms, optimisation=optimisation)
    model.stage = stage
    gradients: Counter[str] = Counter()
    for name, parameter in model.named_parameters():
        parameter.register_post_accumulate_grad_hook(lambda _, name=name: gradients.update([name]))
    before = weights(model)
    losses = model.train_step(batch(), optimizers)
    assert moved_parts(before, weights(model)) == parts
    assert [name for name, p in model.named_parameters() if p.grad is not None] == []
    # D_h gets none from the SR network's loss, nor the SR network any from that of D_h: each would count twice.
    assert set(gradients.values()) == {1}
    assert {name.removeprefix("translator.").split(".")[0] for name in gradients} == parts
    assert {name for name in losses if name.startswith("loss_sr")} == (
        set() if stage is Stage.TRANSLATION else {"loss_sr", "loss_sr_perceptual", "loss_sr_adv", "loss_sr_disc"}
    )


def test_the_sr_network_and_its_discriminator_step_as_by_hand(terms: dict[str, Any]) -> None:
    model, optimizers = whole(terms)
    oracle, data = copy.deepcopy(model), batch()
    hr = data["hr"]
    sr = oracle.sr(oracle.translator.degrade(oracle.degradation(hr)).detach())
    kernel = torch.load(f"{terms['perceptual']['weights']}/vgg16.pth", weights_only=True)["0.weight"].double()
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 3, 1, 1)
    maps = [F.conv2d((image - mean) / deviation, kernel, padding=1) for image in (sr, hr)]
    judge = oracle.sr_adversarial.discriminator
    real, fake = judge(hr), judge(sr)
    log = F.logsigmoid
    adversarial = -0.5 * (log(fake.mean() - real).mean() + log(fake - real.mean()).mean())
    total = 100.0 * F.mse_loss(sr, hr) + 2.0 * F.l1_loss(*maps) + 0.5 * adversarial
    constant = judge(sr.detach())
    disc = -0.5 * (log(real - constant.mean()).mean() + log(real.mean() - constant).mean())
    expected = [*stepped(oracle.sr, total), *stepped(judge, disc)]
    losses = model.train_step(data, optimizers)
    assert losses["loss_sr_adv"].item() == pytest.approx(0.5 * adversarial.item(), rel=1e-6)
    assert losses["loss_sr_disc"].item() == pytest.approx(disc.item(), rel=1e-6)
    for ours, theirs in zip(
        [*model.sr.parameters(), *model.sr_adversarial.discriminator.parameters()], expected, strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


def test_alternating_feeds_back_the_mse_alone(terms: dict[str, Any]) -> None:
    model, optimizers = whole(terms)
    plain, plain_optimizers = build()
    plain.load_state_dict({name: w for name, w in model.state_dict().items() if "sr_adversarial" not in name})
    model.train_step(batch(), optimizers)
    plain.train_step(batch(), plain_optimizers)
    assert_near(weights(model.translator), weights(plain.translator))
    assert any(not torch.equal(a, b) for a, b in zip(model.sr.parameters(), plain.sr.parameters(), strict=True))


def test_joint_feeds_back_every_term_of_equation_4(terms: dict[str, Any]) -> None:
    model, optimizers = whole(terms, optimisation="joint")
    oracle, data = copy.deepcopy(model), batch()
    syn = oracle.degradation(data["hr"])
    t = oracle.translator.translate(syn, data["real"])
    total = sum(oracle.translator.generator_losses(syn, data["real"], t).values())
    total = total + sum(oracle.sr_losses(oracle.sr(t.fake_real), data["hr"], t.fake_real).values())
    both = nn.ModuleList([oracle.translator.generators, oracle.sr])
    expected = stepped(both, total)
    model.train_step(data, optimizers)
    assert_near([*model.translator.generators.parameters(), *model.sr.parameters()], expected)


@pytest.mark.parametrize("optimisation", ["joint", "alternating"])
def test_one_forward_of_the_sr_network_serves_all(optimisation: str, terms: dict[str, Any]) -> None:
    model, optimizers = whole(terms, optimisation=optimisation)
    calls: list[int] = []
    model.sr.register_forward_hook(lambda *_: calls.append(1))
    model.train_step(batch(), optimizers)
    assert len(calls) == 1


def test_micro_batches_equal_the_whole_batch_where_the_loss_is_a_mean_over_images(terms: dict[str, Any]) -> None:
    terms["sr_adversarial"] = dict(discriminator=dict(DISCRIMINATOR, norm="none"), mode="vanilla")
    runs = []
    for accumulate in (1, 2):
        model, optimizers = whole(terms)
        optimizers.accumulate = accumulate
        for seed in range(3):
            train_step(model, batch(seed=seed), optimizers)
        runs.append(weights(model))
    assert_near(*runs)


def test_supervised_training_has_the_same_terms_and_the_average_is_of_the_sr_network(terms: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model: SupervisedSR = MODELS.build(
        dict(type="SupervisedSR", sr=dict(type="ToySR", scale=2), sr_loss=dict(type="L1Loss"), average=0.5, **terms)
    )
    parts = dict(sr=copy.deepcopy(ADAM), sr_discriminator=copy.deepcopy(ADAM))
    optimizers = PartOptimizersConstructor(parts)(model)
    before = weights(model)
    losses = model.train_step(dict(hr=torch.rand(2, 3, 16, 16), lr=torch.rand(2, 3, 8, 8)), optimizers)
    assert set(losses) == {"loss_sr", "loss_sr_perceptual", "loss_sr_adv", "loss_sr_disc"}
    assert moved_parts(before, weights(model)) == {"sr", "sr_average", "sr_adversarial"}
    kinds = {name.split(".")[0] for name in model.state_dict()}
    assert kinds == {"sr", "sr_average", "sr_adversarial"}  # no perceptual network
    assert model.sr_average.module.state_dict().keys() == model.sr.state_dict().keys()
    assert [n for n in model.state_dict() if n.startswith("sr_average") and "discriminator" in n] == []


def test_parts_and_optimizers_must_agree(terms: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="no optimizer for the part 'sr_discriminator' of CollaborativeSR"):
        build(**terms)
    with pytest.raises(UserError, match="names the part 'sr_discriminator', which CollaborativeSR does not have"):
        whole({})


@pytest.mark.parametrize("mode", ["vanilla", "lsgan", "hinge", "wgan-gp"])
def test_other_modes_are_those_of_the_translators(mode: str) -> None:
    torch.manual_seed(0)
    loss = SRAdversarial(dict(type="PatchDiscriminator", channels=2, num_layers=1), weight=3.0, mode=mode)
    sr, hr = torch.rand(2, 2, 3, 16, 16)
    real, fake = loss.discriminator(hr), loss.discriminator(sr)
    assert torch.equal(loss.generator_loss(sr, hr), 3.0 * generator_loss(fake, mode))
    losses = loss.discriminator_losses(sr, hr)
    assert losses["loss_sr_disc"].item() == pytest.approx(discriminator_loss(real, fake, mode).item(), rel=1e-5)
    assert set(losses) == {"loss_sr_disc"} | ({"loss_sr_gp"} if mode == "wgan-gp" else set())


def test_relativistic_losses_are_summed_over_scales() -> None:
    torch.manual_seed(0)
    loss = SRAdversarial(dict(type="MultiScaleDiscriminator", channels=2, num_layers=1, num_scales=2))
    sr, hr = torch.rand(2, 2, 3, 16, 16)
    scales = zip(loss.discriminator(hr), loss.discriminator(sr), strict=True)
    expected = sum(F.softplus(r - f.mean()).mean() + F.softplus(r.mean() - f).mean() for r, f in scales)
    assert loss.generator_loss(sr, hr).item() == pytest.approx(5e-3 * 0.5 * expected.item(), rel=1e-5)


def test_mistakes_are_named() -> None:
    with pytest.raises(UserError, match=r"sr_adversarial.mode must be one of ragan, .*, found 'ragans'. Did you mean"):
        build(sr_adversarial=dict(mode="ragans"))
    with pytest.raises(UserError, match=r"SRAdversarial takes no argument 'discriminater'. Did you mean"):
        build(sr_adversarial=dict(discriminater={}))
    with pytest.raises(UserError, match=r"VGGDiscriminator takes no argument 'size'"):
        build(sr_adversarial=dict(discriminator=dict(size=64)))
