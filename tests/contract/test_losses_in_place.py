"""Every loss in every place of a config that takes a loss, and every GAN mode in every translator with GAN losses."""

import inspect
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from tiny_models import LOSSES, SIDE, batch, build, collaborative, config, finite, moved, registered, weights

from cyclesr.models.losses.gan import GAN_MODES
from cyclesr.registry import SR_BACKBONES, TRANSLATORS

LOSS_NAMES = list(registered(LOSSES))
ADVERSARIAL = [
    name for name, kind in registered(TRANSLATORS).items() if "adversarial" in inspect.signature(kind).parameters
]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Makes a cache of torch hub with random weights of ImageNet networks."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "checkpoints").mkdir()
    for name in ("alexnet", "squeezenet1_1", "vgg16"):
        with torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shapes = {k: v.shape for k, v in getattr(torchvision.models, name)().state_dict().items()}
        features = {k: 0.1 * torch.randn(shape) for k, shape in shapes.items() if k.startswith("features.")}
        torch.save(features, folder / "checkpoints" / f"{name}-0.pth")
    return folder


@pytest.fixture(autouse=True)
def _hub(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(hub))


def supervised(**arguments: Any) -> dict[str, Any]:
    sr = config(SR_BACKBONES, "EDSR")
    return {**dict(type="SupervisedSR", sr=sr, sr_loss=dict(type="MSELoss")), **arguments}


def check_steps(model_config: dict[str, Any], *logged: str) -> None:
    model, optimizers = build(model_config)
    before = weights(model.sr)
    for _ in range(2):
        losses = model.train_step(batch(), optimizers)
        assert finite(losses)
        assert set(logged) <= losses.keys()
    assert optimizers.take_report()["skipped"] == 0
    assert moved(model.sr, before)
    assert not any(name.startswith("sr_loss") for name in model.state_dict())  # no pretrained network in a checkpoint


@pytest.mark.parametrize("name", LOSS_NAMES)
@pytest.mark.parametrize("optimisation", ["joint", "alternating"])
def test_as_the_sr_loss_of_unpaired_training(name: str, optimisation: str) -> None:
    loss = config(LOSSES, name, weight=2.0)
    check_steps(collaborative(sr_loss=loss, feedback_weight=2.0, optimisation=optimisation), "loss_sr")


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_as_the_sr_loss_of_paired_training(name: str) -> None:
    check_steps(supervised(sr_loss=config(LOSSES, name, weight=2.0)), "loss_sr")


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_as_a_term_of_a_sum(name: str) -> None:
    terms = [dict(type="L1Loss"), config(LOSSES, name)]
    check_steps(supervised(sr_loss=dict(type="SumOfLosses", losses=terms)), "loss_sr")


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_is_smallest_for_equal_images_and_proportional_to_its_weight(name: str) -> None:
    once, thrice = (LOSSES.build(config(LOSSES, name, weight=weight)) for weight in (1.0, 3.0))
    hr = torch.rand(2, 3, 32, 32)
    sr = (hr + 0.3 * torch.rand_like(hr)).clamp(0, 1)
    assert once(sr, hr).shape == ()
    assert thrice(sr, hr).item() == pytest.approx(3 * once(sr, hr).item(), rel=1e-4)
    if name != "TVLoss":  # the only loss that ignores hr
        assert once(hr, hr).item() <= once(sr, hr).item() + 1e-6


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_as_the_perceptual_term(name: str) -> None:
    check_steps(collaborative(perceptual=config(LOSSES, name)), "loss_sr", "loss_sr_perceptual")


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_as_the_perceptual_term_of_a_translator(name: str) -> None:
    """Trains with larger LR crops, because some losses have a minimum image size."""
    translator = config(TRANSLATORS, "DSGAN", perceptual=config(LOSSES, name))
    model, optimizers = build(collaborative() | dict(translator=translator))
    before = weights(model.translator.generators)
    for _ in range(2):
        losses = model.train_step(batch(side=2 * SIDE), optimizers)
        assert finite(losses)
        assert losses["loss_perceptual_real"] > 0
    assert moved(model.translator.generators, before)


def test_cobi_on_the_features_of_a_pretrained_network() -> None:
    features = dict(type="ImageNetFeatures", network="alexnet", layers=("relu1", "conv2"))
    loss = config(LOSSES, "ContextualBilateralLoss", features=features, patch=1, stride=1)
    check_steps(supervised(sr_loss=loss), "loss_sr")


@pytest.mark.parametrize("mode", GAN_MODES)
@pytest.mark.parametrize("translator", ADVERSARIAL)
def test_as_the_adversarial_loss_of_a_translator(translator: str, mode: str) -> None:
    parts = collaborative() | dict(translator=config(TRANSLATORS, translator, adversarial=mode))
    check_steps(parts, "loss_sr")
