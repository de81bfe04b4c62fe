"""The command ``export``."""

import torch

from cyclesr.inference.export import FORMATS
from cyclesr.registry import SR_BACKBONES


def test_export_writes_the_file(tool, tmp_path) -> None:
    config = dict(type="ESPCN", scale=2, channels=4)
    entry = dict(config=config, scale=2, state_dict=SR_BACKBONES.build(dict(config)).state_dict())
    torch.save(dict(sr_network=entry), tmp_path / "net.pth")
    done = tool("export", "net.pth", "out.safetensors", "--format", "safetensors")
    assert (done.returncode, done.stderr) == (0, "")
    assert "out.safetensors written" in done.stdout
    assert (tmp_path / "out.safetensors").is_file()
    assert "# ESPCN" in (tmp_path / "out.md").read_text(encoding="utf-8")


def test_the_command_line_lists_all_formats(tool) -> None:
    done = tool("export", "net.pth", "out.keras", "--format", "keras")
    assert done.returncode == 2
    found = done.stderr.replace("'", "")  # Python 3.12 no longer quotes the choices
    assert f"choose from {', '.join(FORMATS)})" in found
