"""Comparisons are fair: the baselines have the steps, data and schedule of the method."""

from pathlib import Path

import pytest
import torch

from cyclesr.config import load_config
from cyclesr.datasets.tracks import split_and_simulate
from cyclesr.degradations.track import TrackDegradation
from cyclesr.errors import UserError
from cyclesr.experiments.comparison import (
    Track,
    _pairs,
    bicubic_upscale,
    degradation_psnr,
    noise_levels,
    on_track,
    score,
    sr_steps,
    supervised,
)
from cyclesr.experiments.drift import agreement, drift_curve, spectrum
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_tensor
from cyclesr.metrics.protocols import get_protocol
from cyclesr.registry import MODELS

DEMO = Path(__file__).parents[2] / "configs" / "demo" / "cyclesr_demo.py"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    import cv2
    import numpy as np

    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i in range(5):
        image = cv2.resize(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8), (96, 96), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(tmp_path / "photos" / f"{i}.png"), image)
    return tmp_path / "photos"


@pytest.fixture
def track(photos: Path, tmp_path: Path) -> Track:
    return Track(**split_and_simulate(photos, "unknown", tmp_path / "track"))


def test_bicubic_pairs_take_as_many_sr_steps_as_the_method() -> None:
    config = load_config(str(DEMO), {"train_cfg.max_iters": 100})
    assert sr_steps(config) == 75  # only the translator trains in the first 25 of 100
    baseline = supervised(config)
    assert baseline.train_cfg.max_iters == 75
    assert baseline.model.sr == config.model.sr
    assert list(baseline.optim_wrapper) == ["constructor", "amp", "sr"]
    # The learning rate falls over the same steps: from 70 of 100, which is 45 of 75.
    assert baseline.param_scheduler.sr[0].decay_from == pytest.approx(0.6)
    assert config.model.type == "CollaborativeSR"


def test_true_pairs_read_the_hidden_lr(track: Track) -> None:
    config = supervised(on_track(load_config(str(DEMO)), track), track.hidden_lr)
    data = config.train_dataloader.dataset
    assert (data.type, data.lr, data.hr) == ("PairedDataset", str(track.hidden_lr), str(track.hr))
    assert "degradation" not in config.model


def test_degradation_psnr_of_the_true_degradation_and_of_a_known_error(track: Track) -> None:
    pairs = _pairs(track.hidden_lr, track.hr, track.scale)
    truths = [TrackDegradation(track.manifest, lr.name)(to_tensor(read_image(hr))[None]) for lr, hr in pairs]
    exact, off = iter(truths), iter(truths)
    assert degradation_psnr(lambda syn: next(exact), track, draws=1) == float("inf")
    assert degradation_psnr(lambda syn: next(off) + 0.1, track, draws=1) == pytest.approx(20.0, abs=1e-3)


def test_noise_is_measured_by_two_draws_and_against_the_clean_truth(photos: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    track = Track(**split_and_simulate(photos, "mild", tmp_path / "mild"))
    fake, true = noise_levels(lambda hr: hr + 0.02 * torch.randn_like(hr), track)
    assert fake == pytest.approx(0.02 * 255, rel=0.05)
    # Shot noise has the variance 5e-4 * signal. The rounding to 8 bits is added.
    signal = [to_tensor(read_image(path)).mean().item() for path in sorted(track.hidden_lr.glob("*.png"))]
    expected = [255 * (5e-4 * mean + 1 / 12 / 255**2) ** 0.5 for mean in signal]
    assert true == pytest.approx(sum(expected) / len(expected), rel=0.05)
    assert noise_levels(lambda hr: hr, track)[0] == 0.0


def test_score_is_the_mean_of_the_protocol(track: Track) -> None:
    protocol = get_protocol("plain")
    means, images = score(bicubic_upscale(4), track, protocol)
    hr = {path.stem: path for path in track.valid_hr.glob("*.png")}
    assert set(images) == set(hr)
    each = [protocol.score(images[name], to_tensor(read_image(path)))["psnr"] for name, path in hr.items()]
    assert means["psnr"] == pytest.approx(sum(each) / len(each))


def test_spectrum_of_the_same_images_is_zero_and_of_blurred_ones_is_not() -> None:
    hr = [torch.rand(1, 3, 64, 64)]
    small = [torch.nn.functional.avg_pool2d(hr[0], 4)]
    assert spectrum(lambda hr: small[0], hr, small) == 0.0
    assert spectrum(lambda hr: torch.nn.functional.avg_pool2d(small[0], 3, 1, 1), hr, small) > 1.0


@pytest.mark.parametrize("name", ["cyclesr_demo", "bulat_track"])
def test_drift_of_a_translator_from_syn_or_from_hr(name: str, track: Track, tmp_path: Path) -> None:
    config = load_config(str(DEMO.with_name(f"{name}.py")), {"model.translator.noise_channels": 0})
    model = MODELS.build(config.model).eval()
    torch.save(dict(state_dict=model.state_dict(), meta={}), tmp_path / "iter_4.pth")
    (row,) = drift_curve(config, tmp_path, track, "plain")
    near = degradation_psnr(model.translator.degrade, track, from_hr=model.translator.from_hr)
    assert row["degradation_psnr"] == pytest.approx(near)
    assert row["noise"] == 0.0


def test_drift_of_a_model_without_translator_is_an_error(track: Track, tmp_path: Path) -> None:
    (tmp_path / "iter_1.pth").touch()
    with pytest.raises(UserError, match=r"CollaborativeSR.*SupervisedSR"):
        drift_curve(supervised(load_config(str(DEMO))), tmp_path, track, "plain")


def test_drift_of_another_network_is_an_error(track: Track, tmp_path: Path) -> None:
    config, other = (load_config(str(DEMO), {"model.sr.num_blocks": blocks}) for blocks in (1, 2))
    weights = MODELS.build(config.model).state_dict()
    torch.save(dict(state_dict=weights, meta={}), tmp_path / "iter_4.pth")
    with pytest.raises(UserError, match=r"iter_4.pth.* sr.body.1"):
        drift_curve(other, tmp_path, track, "plain")


def test_degradation_of_hr_is_measured_on_hr(track: Track) -> None:
    pairs = _pairs(track.hidden_lr, track.hr, track.scale)
    sizes = [tuple(to_tensor(read_image(hr)).shape) for _, hr in pairs]
    seen = []

    def degrade(hr: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(hr.shape[1:]))
        return TrackDegradation(track.manifest, pairs[len(seen) - 1][0].name)(hr)

    assert degradation_psnr(degrade, track, draws=1, from_hr=True) == float("inf")
    assert seen == sizes


def test_agreement_is_a_rank_correlation() -> None:
    rows = [dict(a=1.0, b=10.0, c=3.0), dict(a=2.0, b=100.0, c=2.0), dict(a=3.0, b=1000.0, c=1.0)]
    assert agreement(rows, "a", "b") == pytest.approx(1.0)
    assert agreement(rows, "a", "c") == pytest.approx(-1.0)
