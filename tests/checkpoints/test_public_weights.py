"""Published weights: every format of their files, and the errors for weights that do not fit."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from cyclesr.checkpoints.public_weights import import_file, import_weights, read_weights
from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES

CONFIG = dict(type="IMDN", scale=2, channels=8, num_blocks=1)


@pytest.fixture
def weights() -> dict[str, Tensor]:
    return SR_BACKBONES.build(dict(CONFIG)).state_dict()


def prefixed(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in weights.items()}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: w,
        lambda w: {"params": w},
        lambda w: {"params": {name: torch.zeros_like(v) for name, v in w.items()}, "params_ema": w},
        lambda w: {"state_dict": prefixed(w, "generator."), "meta": {"epoch": 3}},
        lambda w: prefixed(w, "module._orig_mod."),
        lambda w: {**prefixed(w, "module."), "epoch": 3},
    ],
)
def test_wrappings(weights, wrap, tmp_path: Path) -> None:
    torch.save(wrap(weights), tmp_path / "net.pth")
    read = read_weights(tmp_path / "net.pth")
    assert list(read) == list(weights)
    assert all(torch.equal(read[name], weights[name]) for name in weights)


def test_an_imported_file_is_sufficient_for_inference(weights, tmp_path: Path) -> None:
    save_file(prefixed(weights, "module."), tmp_path / "public.safetensors")
    import_file(tmp_path / "public.safetensors", CONFIG, tmp_path / "new" / "net.safetensors")
    network, scale = load_sr(tmp_path / "new" / "net.safetensors")
    expected = SR_BACKBONES.build(dict(CONFIG)).eval()
    expected.load_state_dict(weights)
    lr = torch.rand(1, 3, 5, 6)
    assert scale == 2
    assert torch.equal(network(lr), expected(lr))


def test_a_full_disk_keeps_the_existing_file(weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file(weights, tmp_path / "public.safetensors")
    out = tmp_path / "net.safetensors"
    import_file(tmp_path / "public.safetensors", CONFIG, out)
    before = out.read_bytes()

    def half(entry: dict[str, Any], path: Path) -> None:
        path.write_bytes(before[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cyclesr.checkpoints.public_weights.save_sr", half)
    with pytest.raises(UserError, match=r"net\.safetensors cannot be written: No space left on device"):
        import_file(tmp_path / "public.safetensors", CONFIG, out)
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.safetensors", "public.safetensors"]


def test_a_network_renames_its_public_weights(tmp_path: Path) -> None:
    config = dict(type="EDSR", scale=2, channels=4, num_blocks=1, mean_shift=True)
    weights = SR_BACKBONES.build(dict(config)).state_dict()
    torch.save({name.replace("head.", "head.0."): value for name, value in weights.items()}, tmp_path / "edsr.pt")
    entry = import_weights(tmp_path / "edsr.pt", config)
    assert entry["config"] == config
    assert torch.equal(entry["state_dict"]["head.weight"], weights["head.weight"])


def test_mistakes(weights, tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "net.pth")
    torch.save({"epoch": 3}, tmp_path / "none.pth")
    (tmp_path / "broken.safetensors").write_bytes(b"cut")
    with pytest.raises(UserError, match=r"net\.pth do not fit.*expected IMDB2\.c1\.weight"):
        import_weights(tmp_path / "net.pth", {**CONFIG, "num_blocks": 2})
    with pytest.raises(UserError, match="size mismatch for fea_conv"):
        import_weights(tmp_path / "net.pth", {**CONFIG, "channels": 16})
    with pytest.raises(UserError, match="type and scale"):
        import_weights(tmp_path / "net.pth", {})
    with pytest.raises(UserError, match=r"no weights.*params_ema"):
        read_weights(tmp_path / "none.pth")
    with pytest.raises(UserError, match=r"broken\.safetensors cannot be read"):
        read_weights(tmp_path / "broken.safetensors")
    with pytest.raises(UserError, match=r"must be a \.safetensors file"):
        import_file(tmp_path / "net.pth", CONFIG, tmp_path / "out.pth")
    with pytest.raises(UserError, match=r"out\.safetensors cannot be written"):
        import_file(tmp_path / "net.pth", CONFIG, tmp_path / "net.pth" / "out.safetensors")


@pytest.mark.parametrize("scale", [2, 8])
def test_the_old_layout_of_another_scale_is_for_spandrels_esrgan(scale: int, tmp_path: Path) -> None:
    pytest.importorskip("spandrel")
    config = dict(type="Spandrel", scale=scale, arch="ESRGAN", num_filters=8, num_blocks=1)
    network = SR_BACKBONES.build(dict(config))
    torch.save(network.to_public(network.state_dict()), tmp_path / "old.pth")
    with pytest.raises(UserError, match=r"RRDBNet.*scale 4.*type=Spandrel arch=ESRGAN"):
        import_weights(tmp_path / "old.pth", dict(type="RRDBNet", scale=4, channels=8, num_blocks=1))
    assert import_weights(tmp_path / "old.pth", config)["scale"] == scale
