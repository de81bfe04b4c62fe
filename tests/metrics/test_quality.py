"""The metric: exact means of per-image values with any number of processes."""

import numpy as np
import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.metrics import quality
from cyclesr.metrics.colour import psnr_colour
from cyclesr.metrics.pixels import to_planes
from cyclesr.metrics.psnr import psnr
from cyclesr.registry import METRICS


def samples(count: int) -> list[dict]:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(count, 2, 3, 16, 16, generator=generator)
    return [dict(sr=sr, hr=hr, name=f"{i:04}.png") for i, (sr, hr) in enumerate(images)]


def test_reports_the_mean_of_per_image_values():
    metric = METRICS.build(dict(type="SRQuality"))
    data = samples(5)
    metric.process(None, data[:3])
    metric.process(None, data[3:])
    means = metric.evaluate(5)
    assert set(means) == {"psnr", "ssim"}
    assert means["psnr"] == pytest.approx(np.mean([psnr(d["sr"], d["hr"]) for d in data]), abs=1e-12)
    assert metric.per_image["0003.png"]["psnr"] == psnr(data[3]["sr"], data[3]["hr"])


def test_images_repeated_by_padding_count_once(monkeypatch):
    data = samples(3)
    whole, first, second = (METRICS.build(dict(type="SRQuality", protocol="plain")) for _ in range(3))
    whole.process(None, data)
    first.process(None, data[0:2])
    second.process(None, [data[2], data[0]])  # the sampler repeats the first image in the second rank
    monkeypatch.setattr(quality, "all_gather_object", lambda mine: [mine, list(second.results)])
    assert first.evaluate(3) == pytest.approx(_alone(whole, monkeypatch))


def _alone(metric, monkeypatch):
    monkeypatch.setattr(quality, "all_gather_object", lambda mine: [mine])
    return metric.evaluate(3)


def test_prefix_distinguishes_metrics():
    metric = METRICS.build(dict(type="SRQuality", prefix="true_lr"))
    metric.process(None, samples(1))
    assert set(metric.evaluate(1)) == {"true_lr/psnr", "true_lr/ssim"}


def test_reports_the_requested_columns():
    metric = METRICS.build(dict(type="SRQuality", columns=["psnr_colour"]))
    data = samples(2)
    metric.process(None, data)
    expected = [psnr_colour(*(to_planes(d[key], rounded=True) for key in ("sr", "hr"))) for d in data]
    assert metric.evaluate(2)["psnr_colour"] == pytest.approx(np.mean(expected), abs=1e-9)
    with pytest.raises(UserError, match=r"'colour'.*psnr_colour"):
        METRICS.build(dict(type="SRQuality", columns=["colour"]))


def test_a_second_evaluation_starts_afresh():
    metric = METRICS.build(dict(type="SRQuality"))
    for count in (3, 2):
        metric.process(None, samples(count))
        metric.evaluate(count)
    assert len(metric.per_image) == 2


def test_shifts_have_no_mean():
    assert quality.mean_scores([{"psnr": 1.0, "shift_y": 4.0}, {"psnr": 2.0, "shift_y": 0.0}]) == {"psnr": 1.5}


def test_two_images_of_the_same_name_are_an_error():
    metric = METRICS.build(dict(type="SRQuality"))
    metric.process(None, [samples(1)[0], samples(1)[0]])
    with pytest.raises(UserError, match="1 names for 2 images"):
        metric.evaluate(2)
