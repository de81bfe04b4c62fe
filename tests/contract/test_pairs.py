"""Every registered translator with every registered SR network, including those of plugins, keeps the contract.

The default run takes a sample in which each translator and each SR network appears. The full matrix is slow.
"""

from pathlib import Path

import pytest
import torch
from tiny_models import (
    SCALE,
    SIDE,
    as_checkpoint,
    batch,
    build,
    collaborative,
    finite,
    moved,
    names_within,
    parts_of,
    registered,
    skip_without_its_package,
    weights,
)

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.errors import UserError
from cyclesr.inference.translator import load_degradation
from cyclesr.inference.upscale import Upscaler
from cyclesr.models import Stage
from cyclesr.registry import MODELS, SR_BACKBONES, TRANSLATORS

TRANSLATOR_NAMES, BACKBONE_NAMES = (list(registered(registry)) for registry in (TRANSLATORS, SR_BACKBONES))


def sample() -> set[tuple[str, str]]:
    """Returns a smallest set of pairs in which every name appears."""
    count = max(len(TRANSLATOR_NAMES), len(BACKBONE_NAMES))
    return {
        (TRANSLATOR_NAMES[i % len(TRANSLATOR_NAMES)], BACKBONE_NAMES[i % len(BACKBONE_NAMES)]) for i in range(count)
    }


def pairs() -> list:
    """Returns all pairs. Those outside the sample are marked slow."""
    every = [(translator, backbone) for translator in TRANSLATOR_NAMES for backbone in BACKBONE_NAMES]
    return [
        pytest.param(*pair, id="-".join(pair), marks=[] if pair in sample() else [pytest.mark.slow]) for pair in every
    ]


def test_the_sample_holds_every_name() -> None:
    translators, backbones = (set(names) for names in zip(*sample(), strict=True))
    assert (translators, backbones) == (set(TRANSLATOR_NAMES), set(BACKBONE_NAMES))


@pytest.mark.parametrize(("translator", "backbone"), pairs())
def test_pair(translator: str, backbone: str, tmp_path: Path) -> None:
    """Takes two joint steps, writes a checkpoint, and uses it for upscaling and for degrading."""
    skip_without_its_package(SR_BACKBONES, backbone)
    config = collaborative(translator, backbone)
    model, optimizers = build(config)
    before = weights(model)
    for _ in range(2):
        assert finite(model.train_step(batch(), optimizers))
    assert optimizers.take_report()["skipped"] == 0
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())
    assert [name for name, parameter in model.named_parameters() if parameter.grad is not None] == []
    changed = moved(model, before)
    trained = [names_within(model, part) for part in parts_of(model).values()]
    assert changed <= set.union(*trained)
    assert all(changed & names for names in trained)
    path = tmp_path / "iter_2.pth"
    torch.save(as_checkpoint(model, config), path)
    check_upscaling(model.eval(), path)
    check_degrading(model, path)


def check_upscaling(model: MODELS, path: Path) -> None:
    """Checks that the SR network of a checkpoint is the trained one and takes images of odd sizes."""
    network, scale = load_sr(path)
    lr = torch.rand(3, 9, 13)
    with torch.no_grad():
        expected = model.inference_network(lr[None])[0]
    assert expected.shape == (3, 9 * SCALE, 13 * SCALE)
    torch.testing.assert_close(Upscaler(network, scale)(lr), expected)


def check_degrading(model: MODELS, path: Path) -> None:
    """Checks that the translator of a checkpoint is the trained one and takes images of odd sizes."""
    height, width = SIDE + 3, SIDE - 3
    hr = torch.rand(2, 3, SCALE * height, SCALE * width)
    source = model.translator.source(model.degradation(hr), hr)
    made = []
    for translator in (load_degradation(path).translator, model.translator):
        torch.manual_seed(0)
        with torch.no_grad():
            made.append(translator.degrade(source))
    assert made[0].shape == (2, 3, height, width)
    assert torch.isfinite(made[0]).all()
    torch.testing.assert_close(made[0], made[1])


@pytest.mark.parametrize("translator", TRANSLATOR_NAMES)
@pytest.mark.parametrize("stage", list(Stage), ids=lambda stage: stage.value)
def test_each_stage_trains_only_its_parts(translator: str, stage: Stage) -> None:
    model, optimizers = build(collaborative(translator))
    model.stage = stage
    before = weights(model)
    assert finite(model.train_step(batch(), optimizers))
    learns = model.translator_learns
    expected = {"generators", "discriminators"} if stage.trains_translator and learns else set()
    expected |= {"sr"} if stage is not Stage.TRANSLATION or not learns else set()
    changed = moved(model, before)
    for name, part in parts_of(model).items():
        assert bool(changed & names_within(model, part)) == (name in expected), name


@pytest.mark.parametrize("translator", TRANSLATOR_NAMES)
def test_joint_and_alternating_take_the_same_step(translator: str) -> None:
    """Compares them with only MSE and equal weights, where they are equal for any translator (Sec. 3.4)."""
    ends = []
    for optimisation in ("joint", "alternating"):
        torch.manual_seed(0)
        model, optimizers = build(collaborative(translator, optimisation=optimisation))
        model.double()
        torch.manual_seed(1)
        model.train_step({name: images.double() for name, images in batch().items()}, optimizers)
        ends.append(weights(model))
    for name, weight in ends[0].items():
        torch.testing.assert_close(weight, ends[1][name], rtol=0, atol=1e-9, msg=name)


@pytest.mark.parametrize("optimisation", ["joint", "alternating"])
@pytest.mark.parametrize("translator", TRANSLATOR_NAMES)
def test_a_loss_named_as_one_of_the_sr_network_is_refused(translator: str, optimisation: str) -> None:
    """Adds a translator loss of the same name, which would otherwise replace the SR loss."""
    model, optimizers = build(collaborative(translator, optimisation=optimisation))
    if not model.translator_learns:
        pytest.skip("has no losses")
    own = model.translator.generator_losses
    model.translator.generator_losses = lambda *images: {**own(*images), "loss_sr": next(iter(own(*images).values()))}
    with pytest.raises(UserError, match=r"translator.*sr network.*'loss_sr'"):
        model.train_step(batch(), optimizers)


@pytest.mark.parametrize("translator", TRANSLATOR_NAMES)
def test_training_continues_from_a_checkpoint(translator: str) -> None:
    """Checks that all state that a translator keeps between steps is in its state dict."""
    config = collaborative(translator)
    torch.manual_seed(0)
    model, _ = build(config)
    data = batch()
    syn, real = model.degradation(data["hr"]), data["real"]
    t = model.translator.translate(model.translator.source(syn, data["hr"]), real)
    model.translator.discriminator_losses(syn, real, t)  # fills image pools, for instance
    other = MODELS.build(config)
    other.load_state_dict(model.state_dict())
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
