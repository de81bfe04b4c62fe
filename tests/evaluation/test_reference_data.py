"""Published values on published images, which are not ours to ship.

``CYCLESR_REFERENCE_DATA`` names a folder with ``classic/Set5`` (img_001_SRF_4_HR.png, ..._LR.png: SelfExSR),
``perceptual_weights`` (AlexNet's weights and the examples ex_ref, ex_p0, ex_p1 of the LPIPS repository) and
``sr_weights`` (IMDN_x4.pth: Zheng222/IMDN).
"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from cyclesr.datasets.images import read_image
from cyclesr.evaluation.lpips import load_lpips
from cyclesr.evaluation.pixels import crop_border, to_luma, to_planes
from cyclesr.evaluation.protocols import get_protocol
from cyclesr.evaluation.psnr import to_decibel
from cyclesr.evaluation.ssim import mean_ssim
from cyclesr.inference.public_weights import import_weights
from cyclesr.models.imresize import imresize_uint8
from cyclesr.registry import SR_BACKBONES

DATA = Path(os.environ.get("CYCLESR_REFERENCE_DATA", "unset"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="CYCLESR_REFERENCE_DATA names no folder")


def set5() -> list[tuple[np.ndarray, np.ndarray]]:
    """Bicubic as SelfExSR made it (uint8 path, replicate border), and HR."""
    pairs = []
    for path in sorted((DATA / "classic" / "Set5").glob("*_HR.png")):
        lr = read_image(path.with_name(path.name.replace("_HR", "_LR")))
        sr = imresize_uint8(lr, 4, border="replicate")
        pairs.append((sr, read_image(path)[: sr.shape[0], : sr.shape[1]]))
    return pairs


@needs_data
def test_bicubic_on_set5_scores_what_selfexsr_publishes():
    scores = [get_protocol("classic_y", 4).score(*pair) for pair in set5()]
    assert np.mean([s["psnr"] for s in scores]) == pytest.approx(28.42, abs=0.005)
    assert np.mean([s["ssim"] for s in scores]) == pytest.approx(0.8101, abs=0.00005)


@needs_data
def test_unrounded_luma_on_set5():
    pairs = [[crop_border(to_luma(to_planes(image)), 4) for image in pair] for pair in set5()]
    assert np.mean([to_decibel((a - b).square().mean().item()) for a, b in pairs]) == pytest.approx(28.430, abs=0.0005)
    assert np.mean([float(mean_ssim(a, b)) for a, b in pairs]) == pytest.approx(0.8111, abs=0.00005)


@needs_data
@pytest.mark.parametrize(("name", "expected"), [("ex_p0", 0.722), ("ex_p1", 0.138)])
def test_lpips_alex_of_its_own_examples(name, expected):
    folder = DATA / "perceptual_weights"
    images = [read_image(folder / "examples" / f"{n}.png") for n in (name, "ex_ref")]
    assert load_lpips("alex", str(folder))(*images) == pytest.approx(expected, abs=0.0005)


@needs_data
def test_imdn_on_set5_scores_what_its_paper_publishes():
    entry = import_weights(DATA / "sr_weights" / "IMDN_x4.pth", dict(type="IMDN", scale=4))
    network = SR_BACKBONES.build(entry["config"]).eval()
    network.load_state_dict(entry["state_dict"])
    scores = []
    for path in sorted((DATA / "classic" / "Set5").glob("*_HR.png")):
        lr = torch.from_numpy(read_image(path.with_name(path.name.replace("_HR", "_LR"))))
        with torch.inference_mode():
            sr = network(lr.permute(2, 0, 1)[None] / 255)[0]
        hr = read_image(path)[: sr.shape[1], : sr.shape[2]]
        a, b = (crop_border(to_luma(planes), 4) for planes in (to_planes(sr, rounded=True), to_planes(hr)))
        scores.append(to_decibel((a - b).square().mean().item()))
    assert np.mean(scores) == pytest.approx(32.21, abs=0.005)
