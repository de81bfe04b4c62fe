"""The verdict without ground truth: what it calls harm, what it calls better, and what it says."""

import base64
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cyclesr.checkpoints.sr_network import save_sr
from cyclesr.cli.main import run_command
from cyclesr.degradations.blur import Blur
from cyclesr.degradations.camera import measure_images
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.images.tensors import to_array
from cyclesr.inference.verdict import RULES, Verdict, judge, spread_evenly
from cyclesr.registry import SR_BACKBONES

SOFT = Blur(sigma=1.0)


def scene(seed: int, side: int = 256) -> Tensor:
    """A sharp image of slanted edges and discs on smooth shading, (3, side, side)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    image = np.stack([0.3 + 0.3 * x, 0.4 + 0.2 * y, 0.5 - 0.2 * x])
    for _ in range(12):
        centre, radius, colour = random.uniform(0, 1, 2), random.uniform(0.05, 0.2), random.uniform(0.1, 0.9, (3, 1))
        image[:, (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2] = colour
    return torch.from_numpy(image).float()


class Spoiled(nn.Module):
    """Deblurs edges, as a good network does, but not noise; then spoils the result."""

    def __init__(self, spoil=lambda image: image, gain: float = 1.5) -> None:
        super().__init__()
        self.spoil, self.gain = spoil, gain

    def forward(self, lr: Tensor) -> Tensor:
        sr = imresize(lr, scale=2)
        detail = sr - Blur(sigma=1.5)(sr)
        edges = Blur(sigma=2.0)(detail.abs()) > 3 / 255
        return self.spoil(sr + self.gain * edges * detail)


def add_noise(image: Tensor) -> Tensor:
    return image + torch.randn(image.shape, generator=torch.Generator().manual_seed(0)) * 4 / 255


def cast(image: Tensor) -> Tensor:
    return image + torch.tensor([5.0, 0.0, -5.0])[:, None, None] / 255


def sharpen(image: Tensor) -> Tensor:
    return image + 3 * (image - Blur(sigma=1.5)(image))


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> list[Path]:
    """LR images of a soft camera with noise of 1 level."""
    folder = tmp_path_factory.mktemp("real")
    for i in range(4):
        lr = SOFT(imresize(scene(i)[None], scale=0.5))[0]
        lr = lr + torch.randn(lr.shape, generator=torch.Generator().manual_seed(i)) / 255
        cv2.imwrite(str(folder / f"{i}.png"), cv2.cvtColor(to_array(lr), cv2.COLOR_RGB2BGR))
    return sorted(folder.iterdir())


@pytest.mark.parametrize(
    ("network", "harm"),
    [
        (Spoiled(), set()),
        (Spoiled(gain=0.0), {"sharpness"}),
        (Spoiled(Blur(sigma=2.0)), {"sharpness"}),
        (Spoiled(add_noise), {"flat_deviation"}),
        (Spoiled(cast), {"colour_shift"}),
        (Spoiled(sharpen), {"overshoot"}),
    ],
    ids=["good", "bicubic", "blurred", "noisy", "cast", "over-sharpened"],
)
def test_each_fault_is_found(network, harm, paths) -> None:
    verdict = judge(network, paths, 2)
    found = {measure.name for measure in verdict.harms}
    assert found >= harm
    assert verdict.better == (not found) == (not harm)
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))).measures == verdict.measures


def test_bicubic_measures_the_same_as_itself(paths) -> None:
    for measure in judge(Spoiled(gain=0.0), paths, 2).measures:
        assert measure.sr == pytest.approx(measure.bicubic, rel=1e-3, abs=1e-3)


def test_the_words_name_the_fault_and_the_remedy(paths) -> None:
    lines = judge(Spoiled(cast), paths, 2).lines()
    assert lines[0].startswith("Not better")
    assert any("colour" in line and "low_frequency_lock" in line for line in lines)
    assert judge(Spoiled(), paths, 2).lines()[0].startswith("Better")


def test_images_are_spread_evenly_and_a_camera_can_be_missing(paths) -> None:
    assert spread_evenly([f"{i}" for i in range(101)], 3) == [Path("0"), Path("50"), Path("100")]
    flat = measure_images([np.full((64, 64, 3), 128, np.uint8)])
    verdict = judge(Spoiled(), paths, 2, flat, most=2)
    assert list(verdict.images) == ["0.png", "3.png"]
    assert not verdict.with_kernel


def test_no_images_or_only_small_ones_are_errors(tmp_path) -> None:
    with pytest.raises(UserError, match="found none"):
        judge(Spoiled(), [], 2)
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(UserError, match="48x48"):
        judge(Spoiled(), [tmp_path / "small.png"], 2)


def test_the_command_prints_a_table_and_writes_values_and_a_page(paths, tmp_path, capsys) -> None:
    config = dict(type="EDSR", scale=2, channels=4, num_blocks=1)
    network = tmp_path / "sr.safetensors"
    save_sr(dict(config=config, scale=2, state_dict=SR_BACKBONES.build(config).state_dict()), network)
    out, page = tmp_path / "verdict.json", tmp_path / "deeper" / "page.html"
    run_command(["verdict", str(network), str(paths[0].parent), "--crop", "64", "--out", str(out), "--page", str(page)])
    printed, values, text = capsys.readouterr().out, json.loads(out.read_text()), page.read_text()
    assert all(rule.title in printed for name, rule in RULES.items() if name not in ("block_steps", "niqe"))
    assert list(values["images"]) == [path.name for path in paths]
    shown = re.findall(r'<img data-version="[^"]+"[^>]* src="data:image/jpeg;base64,([^"]+)"', text)
    assert len(shown) == 2 * len(paths)
    assert cv2.imdecode(np.frombuffer(base64.b64decode(shown[0]), np.uint8), 1).shape == (128, 128, 3)
    for name, image in values["images"].items():
        sr, bicubic = image["flat_deviation"]
        assert f"{name}: <span" in text
        assert f"{sr / bicubic:.2f} times" in text


def test_a_network_that_returns_nan_is_refused(paths) -> None:
    with pytest.raises(UserError, match="not finite"):
        judge(Spoiled(lambda image: image * torch.nan), paths, 2, most=1)


def test_jpeg_blocks_are_found_in_the_grid_of_the_file(paths, tmp_path) -> None:
    """The central crop begins at a border of blocks."""
    lr = cv2.imread(str(paths[0]))
    large = cv2.copyMakeBorder(lr, 13, 40, 21, 50, cv2.BORDER_REFLECT)
    cv2.imwrite(str(tmp_path / "a.jpg"), large, [cv2.IMWRITE_JPEG_QUALITY, 20])
    values = judge(Spoiled(), [tmp_path / "a.jpg"], 2, measure_images([lr]), crop=96).images["a.jpg"]
    sr, bicubic = values["block_steps"]
    assert sr > bicubic > 1  # measured at another place it is about 0


def test_noise_removed_in_one_image_does_not_make_up_for_noise_amplified_in_another() -> None:
    def image(noise: float) -> dict[str, tuple[float, float]]:
        values = dict.fromkeys(RULES, (1.0, 1.0))
        return values | dict(sharpness=(2.0, 1.0), flat_deviation=(noise, 2.0))

    def harms(*noise: float) -> set[str]:
        verdict = Verdict({f"{i}.png": image(level) for i, level in enumerate(noise)}, with_kernel=True)
        return {measure.name for measure in verdict.harms}

    assert harms(1.0, 2.3) == set()
    assert harms(1.0, 3.0) == {"flat_deviation"}
    assert harms(2.3, 2.3) == set()
    assert harms(2.5, 2.5) == {"flat_deviation"}
