"""ONNX files: onnxruntime gives the network's output at sizes and batches that the export did not try."""

from pathlib import Path
from typing import Any

import pytest
import torch
from spandrel_sizes import SIZES
from torch import Tensor, nn

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.errors import UserError
from cyclesr.inference.export import export
from cyclesr.registry import SR_BACKBONES

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

ROOT = Path(__file__).parents[2]
ONE_IMAGE = {"CRAFT", "DAT", "DCTLSA", "DRCT", "GRL", "HAT", "RGT", "Swin2SR", "SwinIR"}  # at a time
NOT = {  # and a part of the reason
    "ATD": "operator Sort",
    "DITN": "fails on images of 64x64",
    "SAFMN": "adaptive pooling",
    "SeemoRe": "choice of experts",
}
POSITIONS = dict(embed_dim=48, num_heads=(2,))  # fewer channels give layers without any
MOVED = dict(SIZES, CRAFT=dict(POSITIONS, depths=(2,)), RGT=dict(embed_dim=48, depth=[2], num_heads=[2]))
MOVED |= {name: dict(SIZES[name], depths=(2,)) for name in ("DRCT", "HAT", "Swin2SR", "SwinIR")}  # windows move
QUICK = {"EDSR", "OriginalVDSR", "RRDBNet"}


def networks() -> dict[str, dict[str, Any]]:
    SR_BACKBONES.import_from_location()
    own = {n: k for n, k in SR_BACKBONES.module_dict.items() if n != "Spandrel" and k.__module__.startswith("cyclesr.")}
    configs = {name: dict(type=name, scale=2, **kind.TINY) for name, kind in own.items()}
    return configs | {f"{arch} of spandrel": dict(type="Spandrel", scale=2, arch=arch, **MOVED[arch]) for arch in SIZES}


def name_of(config: dict[str, Any]) -> str:
    return config.get("arch", config["type"])


EVERY = [
    pytest.param(config, id=title, marks=[] if name_of(config) in QUICK else pytest.mark.slow)
    for title, config in sorted(networks().items())
]


def checkpoint(folder: Path, config: dict[str, Any]) -> Path:
    torch.manual_seed(0)
    network = SR_BACKBONES.build(dict(config))
    for parameter in network.parameters():
        nn.init.uniform_(parameter, -0.1, 0.1)
    entry = dict(config=config, scale=config["scale"], state_dict=network.state_dict())
    torch.save(dict(sr_network=entry), folder / "net.pth")
    return folder / "net.pth"


def run(path: Path, lr: Tensor) -> Tensor:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(["sr"], {"lr": lr.numpy()})[0])


@pytest.mark.parametrize("config", EVERY)
def test_every_network_is_exported_or_says_why_not(config, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    if config["type"] == "Spandrel":
        pytest.importorskip("spandrel")
    name, path, out = name_of(config), checkpoint(tmp_path, config), tmp_path / "out.onnx"
    if name in NOT:
        with pytest.raises(UserError, match=NOT[name]) as raised:
            export(path, out, "onnx")
        assert "\n" not in str(raised.value)
        assert not out.exists()
    else:
        export(path, out, "onnx")
        network = load_sr(path)[0]
        for shape in [(1, 3, 23, 70), *([] if name in ONE_IMAGE else [(2, 3, 40, 33)])]:
            lr = torch.rand(shape)
            with torch.no_grad():
                torch.testing.assert_close(run(out, lr), network(lr.clone()), rtol=1e-4, atol=1e-4)
        assert (described(out)["batch"] == "1") == (name in ONE_IMAGE)
    assert capfd.readouterr() == ("", "")


def described(path: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def test_the_page_lists_what_is_exported() -> None:
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    rows = dict(line.strip("| ").split(" | ", 1) for line in page.splitlines() if line.startswith("| of "))
    listed = {kind: set(names.replace("`", "").split(", ")) for kind, names in rows.items()}
    every = {name_of(config) for config in networks().values()}
    assert listed == {
        "of any number": every - ONE_IMAGE - {*NOT},
        "of one image": ONE_IMAGE,
        "of none": {*NOT},
    }


def test_images_that_are_not_rgb(tmp_path: Path) -> None:
    config, out = dict(type="EDSR", scale=2, channels=4, num_blocks=1, image_channels=1), tmp_path / "out.onnx"
    path = checkpoint(tmp_path, config)
    export(path, out, "onnx")
    lr = torch.rand(1, 1, 20, 31)
    with torch.no_grad():
        torch.testing.assert_close(run(out, lr), load_sr(path)[0](lr), rtol=1e-4, atol=1e-4)
    assert (described(out)["channels"], described(out)["colours"]) == ("1", "gray, 0 to 1")


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    config = dict(type="ESPCN", scale=3, channels=4)
    out = tmp_path / "out.onnx"
    assert "opset 18" in export(checkpoint(tmp_path, config), out, "onnx", opset=18)
    about = described(out)
    assert about.pop("cyclesr_version")
    assert about == {
        "scale": "3",
        "channels": "3",
        "colours": "RGB, 0 to 1",
        "architecture": "ESPCN",
        "precision": "float32",
        "batch": "any",
    }
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == 18
    (entry,) = model.graph.input
    sides = [axis.dim_param or axis.dim_value for axis in entry.type.tensor_type.shape.dim]
    assert sides == ["batch", 3, "height", "width"]


@pytest.mark.parametrize(
    "config",
    [
        dict(type="EDSR", scale=2, channels=4, num_blocks=1),
        pytest.param(dict(type="SRCNN", scale=3, channels=4, mapped=3), marks=pytest.mark.slow),
        pytest.param(dict(type="Spandrel", scale=2, arch="HAT", **MOVED["HAT"]), marks=pytest.mark.slow),
    ],
    ids=name_of,
)
def test_float16_is_within_a_step_of_an_8_bit_image(config, tmp_path: Path) -> None:
    path, out = checkpoint(tmp_path, config), tmp_path / "out.onnx"
    assert "float16" in export(path, out, "onnx", half=True)
    lr = torch.rand(1, 3, 20, 31)
    found = run(out, lr.half())
    assert found.dtype == torch.float16
    with torch.no_grad():
        torch.testing.assert_close(found.float(), load_sr(path)[0](lr), rtol=0, atol=1 / 255)
    assert described(out)["precision"] == "float16"


class Choosing(nn.Module):
    """Takes the first or the second convolution, by the brightness of the image."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 1) for _ in range(2))

    def forward(self, lr: Tensor) -> Tensor:
        for choice in (lr.mean() > 0.9).long()[None]:
            lr = self.convs[choice](lr)
        return lr.repeat_interleave(2, 2).repeat_interleave(2, 3)


@pytest.mark.parametrize(("format", "ending"), [("onnx", "onnx"), ("torchscript", "pt")])
def test_a_network_that_chooses_by_the_image_is_an_error(tmp_path: Path, monkeypatch, format: str, ending: str) -> None:
    monkeypatch.setitem(SR_BACKBONES.module_dict, "Choosing", Choosing)
    with pytest.raises(UserError, match=rf"Choosing .*{format}: .*trace"):
        export(checkpoint(tmp_path, dict(type="Choosing", scale=2)), tmp_path / f"out.{ending}", format)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_names_the_extra(tmp_path: Path, monkeypatch, package: str) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(UserError, match=rf"{package}.*cyclesr\[onnx\]"):
        export(checkpoint(tmp_path, dict(type="ESPCN", scale=2, channels=4)), tmp_path / "out.onnx", "onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["net.pth"]


def test_mistakes(tmp_path: Path) -> None:
    path = checkpoint(tmp_path, dict(type="ESPCN", scale=2, channels=4))
    with pytest.raises(UserError, match=r"opset .*16.*found 9"):
        export(path, tmp_path / "out.onnx", "onnx", opset=9)
    with pytest.raises(UserError, match=r"half .*onnx.*spandrel"):
        export(path, tmp_path / "out.pth", "spandrel", half=True)
