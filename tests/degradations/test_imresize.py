"""imresize compared with outputs of MATLAB: R2019b for class double, the published LR of Set5 x4 for class uint8."""

import base64

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import cyclesr.degradations.imresize as subject
from cyclesr.degradations.imresize import border_index, imresize, imresize_uint8, pad_symmetric

# MATLAB R2019b, imresize(ramp, 1/k, 'bicubic') of a row-major ramp 0, 1, 2 ...: side, k, first row.
MATLAB_RAMPS = [
    (8, 2, [4.042969, 6.082031, 8.105469, 10.144531]),
    (8, 4, [12.383789, 16.631836]),
    (15, 3, [14.419753, 17.506173, 20.518519, 23.530864, 26.617284]),
    (15, 5, [29.1072, 34.288, 39.4688]),
]

# Top left of Set5 'baby' (red), 24x24, and of its x4 LR image from MATLAB (class uint8, replicate border).
BABY_HR = np.frombuffer(
    base64.b64decode(
        "/Pz8+/v7+/v6+vr6+vr6+vr6+vr6+vr6/Pz8+/v7+/v7+/v7+/v7+vr6+vr7+/v7/Pz8+/v7+/v7+/v7+/v7+vr6+vr7+/v7"
        "/Pz8+/v7+/v7+/v7+/v7+vr6+vr7+/v7/Pz8+fn5+fn6+/v7+/v7+vr6+vr7+/v7/Pz8+fn5+fn6+/v7+/v7+vr6+vr7+/v7"
        "/Pz7+fr6+vr5+vv7+/v6+fr6+/v7+/v7+/v7+fr7+/r5+vv8+/r5+fr7/P38+/v7+/v7+Pr7+vn4+vv8+/r5+vr7/Pz7+/v7"
        "+/v7+Pn6+vj4+vv8+/r6+/v7+/r7+/v7+/v79/j5+fj4+vv8+/r6/Pz7+vr6+/v7+/v79vj5+ff3+vv8+/r7/fz6+vn6+/v7"
        "+vv7+fr6+vn5+vv7+/v7/Pv7+vr7+/v7+vv7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+vv7+/v7+/v7+/v7+/v7+/v7+/v7+/v7"
        "+vv7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+vv7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+vv7+/v7+/v7+/v7+/v7+/v7+/v7+/v7"
        "+/v7+/v7+/v7+/v7+/v6+vr6+vr6+vr6+/v7+/v7+/v7+/v7+/v6+fn5+fn5+fn5+vr6+vr6+vr6+vr6+vr6+fn5+fn5+fn5"
        "+fn5+fn5+fn5+fn5+fn5+fn5+fn5+fn5+Pj4+Pj4+Pj4+Pj4+Pj4+fn5+fn5+fn59/f39/f39/f39/f39/f4+fn5+fn5+fn5"
    ),
    np.uint8,
).reshape(24, 24)
BABY_LR = [[252, 251, 251, 251], [251, 250, 251, 250], [250, 249, 250, 251], [251, 251, 251, 251]]


def ramp(side: int) -> torch.Tensor:
    return torch.arange(side * side, dtype=torch.float64).view(side, side)


@pytest.fixture(params=[0, 512], ids=["taps", "dense"])
def _both_paths(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_DENSE_UP_TO", request.param)


@pytest.mark.usefixtures("_both_paths")
@pytest.mark.parametrize(("side", "k", "row"), MATLAB_RAMPS)
def test_equals_matlab_on_ramps(side: int, k: int, row: list[float]) -> None:
    small = imresize(ramp(side), 1 / k)
    assert small.shape == (side // k, side // k)
    np.testing.assert_allclose(small[0], row, atol=6e-7)
    # the ramp is odd about its centre, and so are the borders
    np.testing.assert_allclose(small + small.flip(0, 1), side * side - 1, atol=1e-9)


@pytest.mark.usefixtures("_both_paths")
def test_uint8_path_equals_matlab_on_set5() -> None:
    assert imresize_uint8(BABY_HR, 0.25, border="replicate")[:4, :4].tolist() == BABY_LR


def test_the_uint8_path_needs_rounding_between_the_passes() -> None:
    once = imresize(torch.from_numpy(BABY_HR.astype(np.float64)), 0.25, border="replicate")
    assert (once[:4, :4] + 0.5).floor().tolist() != BABY_LR


def test_uint8_path_treats_channels_alike() -> None:
    colour = np.stack([BABY_HR, BABY_HR.T, BABY_HR[::-1]], axis=-1)
    small = imresize_uint8(colour, 0.25)
    assert small.shape == (6, 6, 3)
    for channel in range(3):
        assert (small[..., channel] == imresize_uint8(np.ascontiguousarray(colour[..., channel]), 0.25)).all()


@pytest.mark.usefixtures("_both_paths")
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_interior_equals_torch_antialias(scale: int) -> None:
    image = torch.rand(1, 3, 24 * scale, 18 * scale, generator=torch.Generator().manual_seed(0))
    expected = F.interpolate(image, scale_factor=1 / scale, mode="bicubic", antialias=True)
    assert (imresize(image, 1 / scale) - expected)[..., 2:-2, 2:-2].abs().max() < 1e-6


@pytest.mark.parametrize("border", ["symmetric", "replicate"])
def test_dense_and_tap_paths_agree_on_float32(border: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image = torch.rand(2, 3, 32, 20)
    dense = imresize(image, 0.25, border=border)
    monkeypatch.setattr(subject, "_DENSE_UP_TO", 0)
    taps = imresize(image, 0.25, border=border)
    exact = imresize(image.double(), 0.25, border=border)
    assert (dense - exact).abs().max() < 1e-6
    assert (taps - exact).abs().max() < 1e-6


def test_scale_rounds_the_output_size_up() -> None:
    assert imresize(torch.zeros(10, 7), 0.25).shape == (3, 2)


def test_smaller_scale_goes_first() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 16), dtype=np.uint8)
    rows_first = imresize_uint8(imresize_uint8(image, size=(8, 16)), size=(8, 12))
    assert (imresize_uint8(image, size=(8, 12)) == rows_first).all()
    assert (imresize_uint8(image.T, size=(12, 8)) == rows_first.T).all()


def test_half_precision_is_computed_in_float32_and_under_autocast_too() -> None:
    image = torch.rand(1, 3, 16, 16)
    assert (imresize(image.bfloat16(), 0.5) == imresize(image.bfloat16().float(), 0.5).bfloat16()).all()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(imresize(image, 0.5), imresize(image, 0.5).float())
        inside = imresize(image, 0.5)
    assert torch.equal(inside, imresize(image, 0.5))


def test_gradient_of_the_mean_is_spread_evenly() -> None:
    image = torch.rand(1, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    imresize(image, 0.5).sum().backward()
    assert image.grad is not None
    torch.testing.assert_close(image.grad[0, 0, 2:-2, 2:-2], torch.full((4, 4), 0.25, dtype=torch.float64))


def test_border_index() -> None:
    outside = torch.arange(-5, 7)
    assert border_index(outside, 2, "symmetric").tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]
    assert border_index(outside, 2, "replicate").tolist() == [0] * 6 + [1] * 6
    with pytest.raises(ValueError, match="reflect"):
        border_index(outside, 2, "reflect")  # type: ignore[arg-type]


@pytest.mark.parametrize(("rows", "columns"), [(2, 1), (0, 3), (7, 5)])
def test_pad_symmetric_is_numpy_symmetric(rows: int, columns: int) -> None:
    image = torch.rand(3, 4, 3)
    expected = np.pad(image.numpy(), ((0, 0), (rows, rows), (columns, columns)), mode="symmetric")
    assert (pad_symmetric(image, rows, columns).numpy() == expected).all()


def test_needs_scale_or_size() -> None:
    with pytest.raises(ValueError, match="scale=None and size=None"):
        imresize(torch.zeros(4, 4))
    with pytest.raises(ValueError, match=r"scale=0\.5 and size=\(2, 2\)"):
        imresize(torch.zeros(4, 4), 0.5, size=(2, 2))
