"""Networks whose results are not finite: the image fails without a file. float16 that overflows is left."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from cyclesr.checkpoints.sr_network import save_sr
from cyclesr.errors import UserError
from cyclesr.images.writing import write_image
from cyclesr.inference.files import infer
from cyclesr.inference.upscale import Upscaler
from cyclesr.registry import SR_BACKBONES


class FailsOnBright(torch.nn.Module):
    """Makes NaN of pixels above 0.9, or infinity."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        return torch.where(lr > 0.9, self.value, lr).repeat_interleave(2, -1).repeat_interleave(2, -2)


class Overflows(torch.nn.Module):
    """Multiplies by 1e4 twice in a matrix product, which overflows in float16, and divides again."""

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        factor = torch.eye(lr.shape[-1]) * 1e4
        return (lr @ factor @ factor).float() / 1e8


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("ensemble", [False, True])
def test_one_value_is_enough(value: float, ensemble: bool) -> None:
    upscaler, lr = Upscaler(FailsOnBright(value), 2, tile=8, overlap=0, ensemble=ensemble), torch.full((3, 12, 12), 0.5)
    assert upscaler(lr).shape == (3, 24, 24)
    lr[1, 11, 0] = 1.0
    with pytest.raises(UserError, match="not finite"):
        upscaler(lr)


def test_an_image_fails_without_a_file_and_the_others_are_done(tmp_path: Path) -> None:
    network = SR_BACKBONES.build(dict(type="ESPCN", scale=2))
    entry = dict(config=dict(type="ESPCN", scale=2), scale=2, state_dict=network.state_dict())
    save_sr(entry, tmp_path / "good.safetensors")
    entry["state_dict"] = {
        k: torch.full_like(v, torch.nan) for k, v in load_file(tmp_path / "good.safetensors").items()
    }
    save_sr(entry, tmp_path / "bad.safetensors")
    for name in ("a", "b"):
        write_image(tmp_path / "in" / f"{name}.png", np.full((9, 9, 3), 128, np.uint8))
    out = tmp_path / "out"
    for workers in (0, 2):
        report = infer(str(tmp_path / "bad.safetensors"), str(tmp_path / "in"), str(out), workers=workers)
        assert report.written == []
        assert [("a.png" in text, "not finite" in text) for text in report.failed] == [(True, True), (False, True)]
        assert [*out.glob("*")] == []
    assert len(infer(str(tmp_path / "good.safetensors"), str(tmp_path / "in"), str(out)).written) == 2


@pytest.mark.parametrize(("native", "dtype"), [(True, torch.bfloat16), (False, None)])
def test_float16_that_overflows_is_left_and_said(native, dtype, monkeypatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("cyclesr.inference.upscale.print_log", lambda text, **_: said.append(text))
    monkeypatch.setattr("cyclesr.inference.upscale.has_native_bfloat16", lambda _: native)
    upscaler = Upscaler(Overflows(), 1, tile=8, overlap=0)
    upscaler.dtype = torch.float16  # the constructor refuses it on a CPU
    lr = torch.rand(3, 8, 16)
    sr = upscaler(lr)
    assert upscaler.dtype is dtype
    torch.testing.assert_close(sr, lr, rtol=0.02, atol=0)
    (text,) = said
    assert f"overflows in float16: computing in {'bfloat16' if native else 'float32'}" in text
