"""The verdict on images that are not RGB: the same numbers as on equal bands, and what is left out."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from scenes import scene
from torch import Tensor, nn

from cyclesr.degradations.blur import Blur
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.inference.verdict import Verdict, judge


class Sharpens(nn.Module):
    """Raises the contrast of edges in each band."""

    def __init__(self, image_channels: int) -> None:
        super().__init__()
        self.image_channels = image_channels

    def forward(self, lr: Tensor) -> Tensor:
        sr = imresize(lr, scale=2)
        return sr + 0.7 * (sr - Blur(sigma=1.5)(sr))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Soft, noisy gray images of 16 bits, also as RGB and as four equal bands."""
    folder = tmp_path_factory.mktemp("images")
    for seed in range(2):
        lr = Blur(sigma=1.0)(torch.from_numpy(scene(seed, 96).mean(2))[None, None])[0, 0].numpy()
        lr = lr + np.random.default_rng(seed).normal(size=lr.shape) / 255
        pixels = (65535 * lr.clip(0, 1)).round().astype(np.uint16)
        tifffile.imwrite(folder / f"{seed}.tif", pixels, photometric="minisblack", metadata=None)
        (folder / "bands").mkdir(exist_ok=True)
        bands = np.stack([pixels] * 4, 2)
        tifffile.imwrite(folder / "bands" / f"{seed}.tif", bands, photometric="minisblack", planarconfig="contig")
    return folder


def test_equal_bands_have_the_values_of_gray_and_of_rgb(folder: Path) -> None:
    gray, rgb, bands = (
        judge(Sharpens(channels), sorted(place.glob("*.tif")), 2)
        for channels, place in ((1, folder), (3, folder), (4, folder / "bands"))
    )
    for other in (rgb, bands):
        for name, image in gray.images.items():
            for measure in ("sharpness", "inconsistency", "flat_deviation", "overshoot", "colour_shift"):
                assert image[measure] == pytest.approx(other.images[name][measure], rel=1e-3), measure
    assert {"niqe"} == {one.name for one in rgb.measures} - {one.name for one in gray.measures}


def test_what_is_left_out_and_what_does_not_fit_is_said(folder: Path) -> None:
    gray = judge(Sharpens(1), sorted(folder.glob("*.tif")), 2)
    assert "NIQE is left out" in gray.lines()[-1]
    assert Verdict.from_dict(gray.to_dict()).lines() == gray.lines()
    bands = judge(Sharpens(4), sorted((folder / "bands").iterdir()), 2)
    assert "JPEG" in bands.lines()[-1]
    with pytest.raises(UserError, match="4 bands, but 1 channel is expected"):
        judge(Sharpens(1), sorted((folder / "bands").iterdir()), 2, skip=lambda error: None)
    assert not any("left out" in line for line in judge(Sharpens(3), sorted(folder.glob("*.tif")), 2).lines())
