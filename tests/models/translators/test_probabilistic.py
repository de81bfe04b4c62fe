"""ProbabilisticDegradation: what feedback moves, rounding, losses; and that it finds a simulated degradation."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from cyclesr.config import load_config, train_on
from cyclesr.datasets.tracks import DEMO_HELD_OUT, DEMO_HR, DEMO_REAL, lay_out
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.experiments.comparison import Track, degradation_psnr, noise_levels, train_method
from cyclesr.experiments.demo import track_of
from cyclesr.models.translators import ProbabilisticDegradation

ROOT = Path(__file__).parents[3]


def build(**options: object) -> ProbabilisticDegradation:
    torch.manual_seed(0)
    return ProbabilisticDegradation(**{**ProbabilisticDegradation.TINY, **options})


def images() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    syn, real = torch.rand(2, 2, 3, 16, 16, generator=generator)
    return syn, real


def test_losses_by_hand() -> None:
    translator = build(adversarial_weight=2.0)
    syn, real = images()
    t = translator.translate(syn, real)
    judge = translator.discriminators["real"]
    losses = translator.generator_losses(syn, real, t)
    assert list(losses) == ["loss_adv_real"]
    assert losses["loss_adv_real"].item() == pytest.approx(2 * (judge(t.fake_real) - 1).square().mean().item())
    judged = translator.discriminator_losses(syn, real, t)
    expected = 0.5 * ((judge(real) - 1).square().mean() + judge(t.fake_real).square().mean())
    assert {key: loss.item() for key, loss in judged.items()} == {"loss_disc_real": pytest.approx(expected.item())}


def test_images_are_rounded_as_files_are_and_the_gradient_passes() -> None:
    translator = build(noise=dict(shot=0.3, read=0.3), blur=dict(num_kernels=1))
    syn, _ = images()
    levels = 255 * translator.degrade(syn)
    torch.testing.assert_close(levels, levels.round())
    assert (levels.min().item(), levels.max().item()) == pytest.approx((0.0, 255.0))
    torch.manual_seed(1)
    translator.degrade(syn).sum().backward()
    rounded = [p.grad.clone() for p in translator.generators.parameters()]
    translator.zero_grad()
    torch.manual_seed(1)
    to_real = translator.generators["to_real"]
    quiet = to_real.blur(syn)
    (quiet + to_real.noise(quiet)).sum().backward()
    torch.testing.assert_close(rounded, [p.grad for p in translator.generators.parameters()])


def test_without_noise_and_rounding_it_is_the_blur() -> None:
    translator = build(noisy=False, rounded=False, blur=dict(num_kernels=1))
    syn = 0.2 + 0.6 * images()[0]
    torch.testing.assert_close(translator.degrade(syn), translator.generators["to_real"].blur(syn))


@pytest.mark.parametrize(("feedback", "moved"), [("all", {"blur", "noise"}), ("blur", {"blur"}), ("none", set())])
def test_what_feedback_moves(feedback: str, moved: set[str]) -> None:
    translator = build(feedback=feedback)
    syn, real = images()
    t = translator.translate(syn, real)
    held = translator.fake_real_for_sr(t)
    torch.testing.assert_close(held, t.fake_real)
    if held.requires_grad:
        held.square().mean().backward()
    parts = translator.generators["to_real"].named_parameters()
    assert {name.split(".")[0] for name, p in parts if p.grad is not None and p.grad.abs().max() > 0} == moved


def test_another_feedback_is_refused() -> None:
    with pytest.raises(UserError, match="feedback must be all, blur or none, found 'some'"):
        build(feedback="some")


def photographs(names: tuple[str, ...]) -> dict[str, Path]:
    """Those of the demo, from the wheels of scikit-image and scikit-learn."""
    places = {"skimage": "data", "sklearn": "datasets/images"}
    if missing := [package for package in places if not find_spec(package)]:
        pytest.skip(f"{', '.join(missing)}: not installed")
    folders = [Path(find_spec(package).submodule_search_locations[0], folder) for package, folder in places.items()]
    return {Path(name).stem: next(f / name for f in folders if (f / name).is_file()) for name in names}


def learnt(track: Track, work_dir: Path) -> nn.Module:
    """The translator after the 600 iterations of docs/probabilistic.md."""
    config = load_config(str(ROOT / "configs" / "demo" / "probabilistic_track.py"))
    train_on(config, str(track.hr), str(track.real))
    config.train_dataloader.dataset.cache = "memory"
    config.train_cfg.max_iters = 600
    config.custom_hooks[0].stages = [dict(name="translation")]
    return train_method(config, work_dir, seed=0).translator


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of the training
@pytest.mark.parametrize("name", ["unknown", "mild"])
def test_it_finds_a_simulated_degradation(name: str, tmp_path: Path) -> None:
    """A blur of ``unknown`` to 45 dB of the true LR, the noise of ``mild`` to a fifth; six HR photographs, six others.

    Measured with seeds 0 and 1: 47.8 and 46.5 dB; 14 and 11 % too much noise.
    """
    photos = (photographs(names) for names in (DEMO_HR, DEMO_REAL, DEMO_HELD_OUT))
    lay_out(*photos, tmp_path / "data", name, scale=4, seed=0)
    track = track_of(tmp_path / "data")
    translator = learnt(track, tmp_path / "run")
    if name == "unknown":
        assert degradation_psnr(translator.degrade, track) > 45
        assert degradation_psnr(lambda syn: syn, track) < 36  # bicubic LR are far from them
    else:
        found, true = noise_levels(lambda hr: translator.degrade(imresize(hr, scale=1 / 4).clamp(0, 1)), track)
        assert found == pytest.approx(true, rel=0.2)
