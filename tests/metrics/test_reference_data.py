"""Published values on published images, which cannot be distributed with this project.

``CYCLESR_REFERENCE_DATA`` names a folder with any of

- ``classic/Set5``, ``classic/BSD100``, ``classic/Urban100``: img_001_SRF_4_HR.png, ..._LR.png of SelfExSR;
- ``basicsr/gt`` and ``basicsr/lq``: baboon.png, comic.png of BasicSR's test suite;
- ``perceptual_weights``: alexnet*.pth, vgg16*.pth, and ``examples`` ex_ref, ex_p0, ex_p1 of the LPIPS repository;
- ``sr_weights``: IMDN_x4.pth of Zheng222/IMDN;
- ``matlab_imresize``: butterfly.png and down_down_*_aa.mat of sanghyun-son/bicubic_pytorch, lena_512x512.png and
  lena_123x234_{uint8,double}.png of fatheral/matlab_imresize.

Tests whose files are missing are skipped.
"""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.io import loadmat

from cyclesr.checkpoints.public_weights import import_weights
from cyclesr.degradations.imresize import imresize, imresize_uint8
from cyclesr.images.reading import read_image, without_surplus
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.metrics.dists import load_dists
from cyclesr.metrics.lpips import load_lpips
from cyclesr.metrics.pixels import crop_border, to_luma, to_planes
from cyclesr.metrics.protocols import Protocol, get_protocol
from cyclesr.metrics.psnr import to_decibel
from cyclesr.metrics.ssim import mean_ssim
from cyclesr.registry import SR_BACKBONES

DATA = Path(os.environ.get("CYCLESR_REFERENCE_DATA", "unset"))
Pairs = list[tuple[np.ndarray, np.ndarray]]


def reference(pattern: str) -> list[Path]:
    """Returns the files that match a pattern, or skips the test if there are none."""
    found = sorted(DATA.glob(pattern))
    if not found:
        pytest.skip(f"CYCLESR_REFERENCE_DATA holds no {pattern}")
    return found


def selfexsr(name: str) -> Pairs:
    """Returns bicubic x4 as SelfExSR computes it (uint8 path, replicate border), and HR."""
    pairs = []
    for path in reference(f"classic/{name}/*_SRF_4_HR.png"):
        lr = read_image(path.with_name(path.name.replace("_HR", "_LR")))
        sr = imresize_uint8(lr, 4, border="replicate")
        pairs.append((sr, read_image(path)[: sr.shape[0], : sr.shape[1]]))
    return pairs


def set5_at(scale: int) -> Pairs:
    """Returns the same for Set5 at another scale, with LR images made in the same way."""
    pairs = []
    for path in reference("classic/Set5/*_SRF_4_HR.png"):
        hr = without_surplus(read_image(path), scale, path)
        lr = imresize_uint8(hr, 1 / scale, border="replicate")
        pairs.append((imresize_uint8(lr, scale, border="replicate"), hr))
    return pairs


def assert_means(pairs: Pairs, scale: int, psnr: float, ssim: float) -> None:
    scores = [get_protocol("classic_y", scale).score(*pair) for pair in pairs]
    assert np.mean([s["psnr"] for s in scores]) == pytest.approx(psnr, abs=0.005)
    assert np.mean([s["ssim"] for s in scores]) == pytest.approx(ssim, abs=0.00005)


@pytest.mark.parametrize(
    ("name", "psnr", "ssim"), [("Set5", 28.42, 0.8101), ("BSD100", 25.96, 0.6672), ("Urban100", 23.14, 0.6573)]
)
def test_bicubic_scores_what_selfexsr_publishes(name, psnr, ssim):
    assert_means(selfexsr(name), 4, psnr, ssim)


@pytest.mark.parametrize(("scale", "psnr", "ssim"), [(2, 33.64, 0.9292), (3, 30.39, 0.8678)])
def test_bicubic_on_set5_at_other_scales(scale, psnr, ssim):
    assert_means(set5_at(scale), scale, psnr, ssim)


@pytest.mark.parametrize(("name", "psnr", "ssim"), [("baboon", 20.419710, 0.391853), ("comic", 20.239912, 0.567738)])
def test_bicubic_scores_what_basicsr_publishes(name, psnr, ssim):
    (lr,), (hr,) = (reference(f"basicsr/{folder}/{name}.png") for folder in ("lq", "gt"))
    sr = imresize(to_tensor(read_image(lr)).double()[None], 4)[0]
    protocol = Protocol("rgb_border_4", "BasicSR's README, MATLAB column", border=4)
    scores = protocol.score(sr, to_tensor(read_image(hr)))
    assert scores["psnr"] == pytest.approx(psnr, abs=5e-7)
    assert scores["ssim"] == pytest.approx(ssim, abs=5e-7)


def test_unrounded_luma_on_set5():
    pairs = [[crop_border(to_luma(to_planes(image)), 4) for image in pair] for pair in selfexsr("Set5")]
    assert np.mean([to_decibel((a - b).square().mean().item()) for a, b in pairs]) == pytest.approx(28.430, abs=0.0005)
    assert np.mean([float(mean_ssim(a, b)) for a, b in pairs]) == pytest.approx(0.8111, abs=0.00005)


def matlab_pairs(name: str) -> Pairs:
    """Returns HR of a data set of SelfExSR, and LR as MATLAB computed it (uint8 path, replicate border)."""
    paths = reference(f"classic/{name}/*_SRF_4_HR.png")
    return [
        (without_surplus(read_image(path), 4, path), read_image(path.with_name(path.name.replace("_HR", "_LR"))))
        for path in paths
    ]


def test_uint8_path_with_replicate_border_is_matlabs_lr_of_set5():
    pairs = matlab_pairs("Set5")
    assert len(pairs) == 5
    for hr, lr in pairs:
        assert np.array_equal(imresize_uint8(hr, 1 / 4, border="replicate"), lr)


def pil_bicubic(hr: np.ndarray) -> np.ndarray:
    height, width = hr.shape[:2]
    return np.asarray(Image.fromarray(hr).resize((width // 4, height // 4), Image.Resampling.BICUBIC))


def torch_bicubic(hr: np.ndarray, antialias: bool) -> np.ndarray:
    return to_array(F.interpolate(to_tensor(hr)[None], scale_factor=1 / 4, mode="bicubic", antialias=antialias)[0])


def cv2_resized(hr: np.ndarray, interpolation: int) -> np.ndarray:
    return cv2.resize(hr, None, fx=1 / 4, fy=1 / 4, interpolation=interpolation)


@pytest.mark.parametrize(
    ("shrink", "expected"),
    [
        pytest.param(lambda hr: to_array(imresize(to_tensor(hr).double(), 1 / 4)), 56.68, id="own double path"),
        pytest.param(pil_bicubic, 54.97, id="PIL"),
        pytest.param(lambda hr: torch_bicubic(hr, True), 55.88, id="torch antialias"),
        pytest.param(lambda hr: torch_bicubic(hr, False), 28.64, id="torch"),
        pytest.param(lambda hr: cv2_resized(hr, cv2.INTER_CUBIC), 28.64, id="INTER_CUBIC"),
        pytest.param(lambda hr: cv2_resized(hr, cv2.INTER_AREA), 41.52, id="INTER_AREA"),
    ],
)
def test_other_ways_to_make_lr_are_as_far_from_matlabs(shrink: Callable[[np.ndarray], np.ndarray], expected: float):
    found = [get_protocol("plain").score(shrink(hr), lr)["psnr"] for hr, lr in matlab_pairs("Set5")]
    assert np.mean(found) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("name", ["x2", "x3", "x4", "x5", "butterfly_irregular"])
def test_double_path_is_matlabs(name):
    (path,) = reference(f"matlab_imresize/down_down_{name}_aa.mat")
    expected = loadmat(path)[path.stem]
    side = 15 if name in ("x3", "x5") else 8
    image = np.arange(side**2, dtype=np.float64).reshape(side, side)
    if expected.ndim == 3:
        (source,) = reference("matlab_imresize/butterfly.png")
        image = read_image(source).transpose(2, 0, 1) / 255
        expected = expected.transpose(2, 0, 1)
    found = imresize(torch.from_numpy(image), size=expected.shape[-2:]).numpy()
    assert np.abs(found - expected).max() < 1e-13


@pytest.mark.parametrize("path", ["uint8", "double"])
def test_lena_is_matlabs_to_the_last_value(path):
    names = ("lena_512x512", f"lena_123x234_{path}")
    image, expected = (read_image(found) for name in names for found in reference(f"matlab_imresize/{name}.png"))
    found = imresize_uint8(image, size=(123, 234))
    if path == "double":
        found = to_array(imresize(to_tensor(image).double(), size=(123, 234)))
    assert np.array_equal(found, expected)


# Bicubic x4, border 4: mean SSIM on RGB, on Y, and on the central 60x60 RGB pixels. The source does not say which 50
# images were used. The first by name are used here; for others, the differences between the rows are still similar.
SSIM_OF_50_IMAGES = {
    "wang": (0.65429, 0.68166, 0.58045),
    "ntire18": (0.65451, 0.68184, 0.58079),
    "uniform7": (0.67433, 0.69897, 0.61035),
}


@pytest.mark.parametrize("window", SSIM_OF_50_IMAGES)
def test_windows_of_ssim_on_50_images_of_bsd100(window):
    pairs = [[crop_border(to_planes(image), 4) for image in pair] for pair in selfexsr("BSD100")[:50]]
    centres = [[centre(planes) for planes in pair] for pair in pairs]
    lumas = [[to_luma(planes) for planes in pair] for pair in pairs]
    found = [np.mean([float(mean_ssim(*pair, window)) for pair in part]) for part in (pairs, lumas, centres)]
    assert found == pytest.approx(SSIM_OF_50_IMAGES[window], abs=0.000005)


def centre(planes: torch.Tensor) -> torch.Tensor:
    top, left = (side // 2 - 30 for side in planes.shape[-2:])
    return planes[:, top : top + 60, left : left + 60]


@pytest.mark.parametrize(
    ("net", "file", "name", "expected", "digits"),
    [
        ("alex", "alexnet", "ex_p0", 0.722, 3),
        ("alex", "alexnet", "ex_p1", 0.138, 3),
        ("vgg", "vgg16", "ex_p0", 0.5686, 4),
        ("vgg", "vgg16", "ex_p1", 0.4217, 4),
    ],
)
def test_lpips_of_its_own_examples(net, file, name, expected, digits):
    (weights,) = reference(f"perceptual_weights/{file}*.pth")
    images = [read_image(path) for n in (name, "ex_ref") for path in reference(f"perceptual_weights/examples/{n}.png")]
    assert load_lpips(net, str(weights))(*images) == pytest.approx(expected, abs=0.5 * 10**-digits)


@pytest.mark.parametrize(("name", "expected"), [("ex_p0", 0.387927), ("ex_p1", 0.225024)])
def test_dists_as_the_authors_package(name, expected):
    """Compares with DISTS-pytorch 0.1 with the same weights of VGG16."""
    (weights,) = reference("perceptual_weights/vgg16*.pth")
    images = [read_image(path) for n in (name, "ex_ref") for path in reference(f"perceptual_weights/examples/{n}.png")]
    assert load_dists(str(weights))(*images) == pytest.approx(expected, abs=1e-5)


def test_imdn_on_set5_scores_what_its_paper_publishes():
    (weights,) = reference("sr_weights/IMDN_x4.pth")
    entry = import_weights(weights, dict(type="IMDN", scale=4))
    network = SR_BACKBONES.build(entry["config"]).eval()
    network.load_state_dict(entry["state_dict"])
    scores = []
    for path in reference("classic/Set5/*_SRF_4_HR.png"):
        lr = torch.from_numpy(read_image(path.with_name(path.name.replace("_HR", "_LR"))))
        with torch.inference_mode():
            sr = network(lr.permute(2, 0, 1)[None] / 255)[0]
        hr = read_image(path)[: sr.shape[1], : sr.shape[2]]
        a, b = (crop_border(to_luma(planes), 4) for planes in (to_planes(sr, rounded=True), to_planes(hr)))
        scores.append(to_decibel((a - b).square().mean().item()))
    assert np.mean(scores) == pytest.approx(32.21, abs=0.005)
