"""The Python of the page "From images to ONNX" runs on a file that the page's command writes."""

import re
from pathlib import Path

import pytest
import torch
from PIL import Image

import cyclesr
from cyclesr.cli.main import run_command
from cyclesr.registry import SR_BACKBONES

PAGE = Path(__file__).parents[2] / "docs" / "from_images_to_onnx.md"


def test_the_page_names_the_wheel_of_this_version() -> None:
    assert f"'./cyclesr-{cyclesr.__version__}-py3-none-any.whl[onnx]'" in PAGE.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_python_of_the_page_enlarges_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    config = dict(type="SRResNet", scale=2, channels=4, num_blocks=1)
    entry = dict(config=config, scale=2, state_dict=SR_BACKBONES.build(dict(config)).state_dict())
    (tmp_path / "mine").mkdir()
    Image.effect_noise((31, 20), 50).convert("RGB").save(tmp_path / "mine" / "c.png")
    torch.save(dict(sr_network=entry), "net.pth")
    run_command(["export", "net.pth", "mine.onnx", "--format", "onnx"])
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.M | re.S)
    exec(code, {})
    with Image.open("larger.png") as enlarged:
        assert (enlarged.size, enlarged.mode) == ((62, 40), "RGB")
