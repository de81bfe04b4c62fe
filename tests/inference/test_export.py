"""Exported files load in the other program with the same output, or are not written."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from spandrel_sizes import SIZES
from torch import Tensor, nn

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.errors import UserError
from cyclesr.inference.export import export
from cyclesr.registry import SR_BACKBONES

SWIN = dict(type="Spandrel", arch="SwinIR", embed_dim=8, depths=(2,), num_heads=(2,), window_size=8)


@pytest.fixture
def checkpoint(tmp_path: Path):
    """Returns a function that saves a network with random weights in the layout of a training checkpoint."""

    def save(**config: Any) -> Path:
        config = {**config, "scale": scale_of(config)}
        network = SR_BACKBONES.build(dict(config))
        for parameter in network.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)
        entry = dict(config=config, scale=config["scale"], state_dict=network.state_dict())
        torch.save(dict(sr_network=entry), tmp_path / "net.pth")
        return tmp_path / "net.pth"

    return save


def scale_of(config: dict[str, Any]) -> int:
    return config.get("scale", 2)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "net.pth")


@pytest.mark.parametrize(
    ("config", "known_as"),
    [
        (dict(type="SRVGGNetCompact", scale=3, channels=8, num_layers=1), "Compact"),
        (dict(type="RCAN", scale=4, channels=8, num_groups=1, num_blocks=1, reduction=4, mean_shift=True), "RCAN"),
        (dict(type="RCAN", channels=8, num_groups=1, num_blocks=1, reduction=4), "RCAN"),
        (dict(type="RRDBNet", scale=4, channels=8, num_blocks=1), "ESRGAN"),
        (dict(type="RRDBNet", channels=8, num_blocks=1), "ESRGAN"),
        (SWIN, "SwinIR"),
        (dict(type="Spandrel", arch="SPAN", feature_channels=8), "SPAN"),
        (dict(type="Spandrel", arch="SAFMN", dim=8, n_blocks=1), "SAFMN"),
    ],
)
def test_spandrel_gives_the_same_output(checkpoint, tmp_path: Path, config, known_as) -> None:
    spandrel = pytest.importorskip("spandrel")
    path = checkpoint(**config)
    out = tmp_path / f"out{'.pth' if scale_of(config) == 2 else '.safetensors'}"
    export(path, out, "spandrel")
    network, scale = load_sr(path)
    theirs = spandrel.ModelLoader().load_from_file(out)
    assert (theirs.architecture.id, theirs.scale) == (known_as, scale)
    lr = torch.rand(1, 3, 48, 32)
    with torch.no_grad():
        torch.testing.assert_close(theirs(lr.clone()), network(lr).clamp(0, 1), rtol=0, atol=1e-5)
    assert left(tmp_path) == [out.name]


OWN = dict(
    SRVGGNetCompact=dict(channels=8, num_layers=1),
    RCAN=dict(channels=8, num_groups=1, num_blocks=1, reduction=4),
    RRDBNet=dict(channels=8, num_blocks=1),
)
THEIR_NAMES = dict(SRVGGNetCompact="Compact", RRDBNet="ESRGAN", RealPLKSR="PLKSR")
KNOWN = {arch: dict(type="Spandrel", arch=arch, **size) for arch, size in SIZES.items()}
KNOWN |= {f"our {name}": dict(type=name, **size) for name, size in OWN.items()}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "DCTLSA" else []) for name in sorted(KNOWN)]
)
def test_one_file_loads_in_spandrel_and_here(checkpoint, tmp_path: Path, name: str) -> None:
    """Exports every architecture that spandrel and this package have, and compares values with spandrel's network."""
    spandrel = pytest.importorskip("spandrel")
    config, out = KNOWN[name], tmp_path / "out.safetensors"
    path = checkpoint(**config)
    export(path, out, "spandrel")
    assert left(tmp_path) == [out.name]
    network, again = load_sr(path)[0], load_sr(out)
    assert again[1] == 2
    assert again[0].state_dict().keys() == network.state_dict().keys()
    assert all(torch.equal(value, again[0].state_dict()[key]) for key, value in network.state_dict().items())
    with warnings.catch_warnings():  # spandrel's constructors call torch functions that warn
        warnings.simplefilter("ignore")
        theirs = spandrel.ModelLoader().load_from_file(out)
    assert (theirs.scale, theirs.input_channels, theirs.output_channels) == (2, 3, 3)
    kind = config.get("arch", config["type"])
    assert theirs.architecture.id == THEIR_NAMES.get(kind, kind)
    lr = torch.rand(1, 3, 64, 32)
    with torch.no_grad():
        torch.testing.assert_close(theirs.model.eval()(lr.clone()), network(lr.clone()), rtol=1e-5, atol=1e-5)


def test_spandrel_reads_the_windows_of_grl(checkpoint, tmp_path: Path) -> None:
    """Exports a GRL whose window sizes follow from the tables stored beside its weights, not from the weights."""
    pytest.importorskip("spandrel")
    windows = dict(window_size=16, stripe_size=[16, 32], anchor_window_down_factor=2)
    path = checkpoint(type="Spandrel", arch="GRL", **{**SIZES["GRL"], **windows})
    export(path, tmp_path / "out.safetensors", "spandrel")
    assert left(tmp_path) == ["out.safetensors"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (dict(type="IMDN", channels=8), r"IMDN .*spandrel.*architecture"),
        (dict(type="EDSR", channels=4, num_blocks=1), r"EDSR .*spandrel.*architecture"),
        (dict(SWIN, img_range=255.0), "loads, but its output differs"),
        (dict(SWIN, window_size=7, img_size=56), "loads, but its output differs"),
        (dict(type="Spandrel", arch="SPAN", feature_channels=8, img_range=1.0), "output differs"),
        (dict(type="RRDBNet", scale=4, channels=8, num_blocks=1, growth=16), "spandrel cannot build"),
        (
            dict(type="RCAN", channels=8, num_groups=1, num_blocks=1, reduction=4, global_skip=True),
            "output differs",
        ),
    ],
)
def test_a_file_that_spandrel_reads_differently_is_not_written(checkpoint, tmp_path: Path, config, message) -> None:
    """Exports networks most of which load in spandrel without an error, but with another output."""
    pytest.importorskip("spandrel")
    (tmp_path / "out.pth").write_text("an older file")
    with pytest.raises(UserError, match=message):
        export(checkpoint(**config), tmp_path / "out.pth", "spandrel")
    assert left(tmp_path) == ["out.pth"]
    assert (tmp_path / "out.pth").read_text() == "an older file"


class Wide(nn.Module):
    """Takes no width below 80."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, lr: Tensor) -> Tensor:
        if lr.shape[-1] < 80:
            raise ValueError("too narrow")
        return self.conv(lr).repeat_interleave(2, 2).repeat_interleave(2, 3)


@pytest.mark.parametrize(("format", "ending"), [("safetensors", "safetensors"), ("torchscript", "pt")])
def test_a_network_that_fails_at_the_sizes_compared_is_an_error(
    checkpoint, tmp_path: Path, monkeypatch, format: str, ending: str
) -> None:
    monkeypatch.setitem(SR_BACKBONES.module_dict, "Wide", Wide)
    with pytest.raises(UserError, match=rf"Wide .* {format}: .+ 64x64"):
        export(checkpoint(type="Wide"), tmp_path / f"out.{ending}", format)
    assert left(tmp_path) == []


def test_safetensors_hold_config_and_weights(checkpoint, tmp_path: Path) -> None:
    path = checkpoint(type="ESPCN", channels=4)
    export(path, tmp_path / "out.safetensors", "safetensors")
    ours = load_sr(path)[0].state_dict()
    assert load_sr(tmp_path / "out.safetensors")[1] == 2
    assert {name: value.tolist() for name, value in load_file(tmp_path / "out.safetensors").items()} == {
        name: value.tolist() for name, value in ours.items()
    }


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:FutureWarning")
@pytest.mark.parametrize(
    "config",
    [
        dict(type="EDSR", scale=3, channels=4, num_blocks=1, upsampling="direct", global_skip=True),
        dict(type="SRResNet", channels=4, num_blocks=1),
        dict(type="SRCNN", scale=4, channels=4, mapped=4, planes="luma"),
    ],
)
def test_torchscript_needs_only_torch(checkpoint, tmp_path: Path, config) -> None:
    path = checkpoint(**config)
    out = tmp_path / "new" / "out.pt"
    export(path, out, "torchscript")
    lr = torch.rand(1, 3, 13, 6)
    with torch.no_grad():
        found = torch.jit.load(str(out))(lr)
        torch.testing.assert_close(found, load_sr(path)[0](lr), rtol=0, atol=1e-5)


def test_a_trace_that_fits_only_one_size_is_an_error(checkpoint, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"RRDBNet .* torchscript: .*37x51"):
        export(checkpoint(type="RRDBNet", channels=8, num_blocks=1, growth=4), tmp_path / "out.pt", "torchscript")
    assert left(tmp_path) == []


def test_mistakes(checkpoint, tmp_path: Path) -> None:
    path = checkpoint(type="ESPCN", channels=4)
    with pytest.raises(UserError, match=r"'spandrell'.*'spandrel'"):
        export(path, tmp_path / "out.pth", "spandrell")
    with pytest.raises(UserError, match=r"\.pth or \.safetensors.*out\.pt"):
        export(path, tmp_path / "out.pt", "spandrel")
    with pytest.raises(UserError, match=r"out\.safetensors cannot be written"):
        export(path, path / "out.safetensors", "safetensors")  # a file in the place of the folder
    export(path, tmp_path / "own.safetensors", "safetensors")
    before = (tmp_path / "own.safetensors").read_bytes()
    with pytest.raises(UserError, match=r"replace the network .*own\.safetensors"):
        export(tmp_path / "own.safetensors", tmp_path / "own.safetensors", "safetensors")
    assert (tmp_path / "own.safetensors").read_bytes() == before
