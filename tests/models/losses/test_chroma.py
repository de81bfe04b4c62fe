"""The loss on colours, with Pillow's YCbCr as the oracle."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from cyclesr.errors import UserError
from cyclesr.models.losses import ChromaLoss
from cyclesr.models.losses.chroma import chroma


def test_chroma_is_that_of_pillow() -> None:
    pixels = torch.randint(256, (6, 7, 3), dtype=torch.uint8)
    pillow = np.asarray(Image.fromarray(pixels.numpy()).convert("YCbCr"))[..., 1:].astype(float)
    ours = 255 * chroma(pixels.permute(2, 0, 1)[None].float() / 255)[0].permute(1, 2, 0).numpy() + 128
    assert np.abs(ours - pillow).max() <= 1


def test_brightness_costs_nothing_and_colours_do() -> None:
    hr = torch.rand(2, 3, 8, 8)
    loss = ChromaLoss(weight=3.0)
    assert loss(hr + 0.1, hr).item() == pytest.approx(0, abs=1e-6)
    cast = hr + torch.tensor([0.1, 0.0, 0.0]).view(1, 3, 1, 1)
    assert loss(cast, hr).item() == pytest.approx(3 * 0.1 * (0.168736 + 0.5) / 2, rel=1e-4)


def test_with_a_low_pass_only_casts_of_areas_count() -> None:
    hr = torch.rand(2, 3, 16, 16)
    sr = hr + 0.1 * torch.randn_like(hr)
    expected = F.l1_loss(*(F.avg_pool2d(chroma(image), 5, 1) for image in (sr, hr)))
    assert ChromaLoss(low_pass=5)(sr, hr).item() == pytest.approx(expected.item(), rel=1e-5)
    assert ChromaLoss(low_pass=5)(sr, hr) < 0.5 * ChromaLoss()(sr, hr)


def test_images_that_are_not_rgb_are_an_error() -> None:
    with pytest.raises(UserError, match=r"ChromaLoss.*RGB"):
        ChromaLoss()(torch.rand(1, 1, 8, 8), torch.rand(1, 1, 8, 8))
