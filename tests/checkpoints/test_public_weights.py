"""Published weights: every format of their files, and the errors for weights that do not fit."""

import json
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


def zeros(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: torch.zeros_like(value) for name, value in weights.items()}


def counted(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns the state dict of torch's AveragedModel."""
    return {"n_averaged": torch.tensor(7), **prefixed(weights, "module.")}


def of_a_training(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns a state dict of mmagic: generator, discriminator, perceptual loss, and a counter."""
    others = {"discriminator.conv.weight": torch.ones(2), "perceptual_loss.vgg.0.weight": torch.ones(2)}
    return {"step_counter": torch.tensor(3), **prefixed(weights, "generator."), **others}


@pytest.mark.parametrize(
    ("wrap", "averaged"),
    [
        (lambda w: w, ""),
        (lambda w: {"params": w}, ""),
        (lambda w: {"params": zeros(w), "params_ema": w}, "params_ema"),
        (lambda w: {"params-ema": w, "params": zeros(w)}, "params-ema"),
        (lambda w: {"params-ema": w}, ""),
        (lambda w: {"model_state_dict": w, "optimizer": {"state": {0: {"exp_avg": torch.ones(2)}}}}, ""),
        (lambda w: {"state_dict": prefixed(w, "generator."), "meta": {"epoch": 3}}, ""),
        (lambda w: {"state_dict": of_a_training(w)}, ""),
        (
            lambda w: {"state_dict": {**of_a_training(zeros(w)), **prefixed(w, "generator_ema.")}},
            "generator_ema",
        ),
        (
            lambda w: {"state_dict": {**of_a_training(zeros(w)), **prefixed(w, "generator_ema.module.")}},
            "generator_ema",
        ),
        (lambda w: {"state_dict": prefixed(w, "model."), "epoch": 3}, ""),
        (lambda w: {"model": {"params_ema": w, "params": zeros(w)}}, "params_ema"),
        (lambda w: {**prefixed(w, "params_ema."), **prefixed(zeros(w), "params.")}, "params_ema"),
        (lambda w: prefixed(w, "module._orig_mod."), ""),
        (lambda w: {**prefixed(w, "module."), "epoch": 3}, ""),
        (lambda w: {"params_ema": w, "params": zeros(w), 5: "of another program"}, "params_ema"),
        (lambda w: {**w, 5: torch.zeros(2)}, ""),
        (counted, ""),
    ],
)
def test_wrappings(weights, wrap, averaged, tmp_path: Path, monkeypatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("cyclesr.checkpoints.public_weights.print_log", lambda text, _: said.append(text))
    torch.save(wrap(weights), tmp_path / "net.pth")
    read = read_weights(tmp_path / "net.pth")
    assert set(read) == set(weights)
    assert all(torch.equal(read[name], weights[name]) for name in weights)
    assert [averaged in text and "average" in text for text in said] == [True] * bool(averaged)


def test_names_of_the_network_itself_lose_no_prefix(weights, tmp_path: Path) -> None:
    of_network = prefixed(weights, "model.")
    torch.save({"params": prefixed(of_network, "module.")}, tmp_path / "net.pth")
    assert read_weights(tmp_path / "net.pth", of_network).keys() == of_network.keys()
    numbered = {f"model.{i}.weight": value for i, value in enumerate(weights.values())}  # ESRGAN's first release
    torch.save(numbered, tmp_path / "old.pth")
    assert read_weights(tmp_path / "old.pth").keys() == numbered.keys()


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
    header = json.dumps({"x": "[" * 5000}).encode()
    (tmp_path / "long.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(UserError, match=r"^.{1,600}$"):
        read_weights(tmp_path / "long.safetensors")
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
