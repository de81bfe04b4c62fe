"""The model card: what a work dir holds of data, degradation, scores, settings and licence."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cyclesr.checkpoints.sr_network import save_sr
from cyclesr.inference.model_card import model_card, write_model_card
from cyclesr.inference.verdict import RULES, Verdict
from cyclesr.registry import SR_BACKBONES

CONFIG = dict(type="ESPCN", scale=3, channels=4)
RECIPE = """# Measured 3 of the 3 images of mine.
# Chosen: own_images/camera, because it sharpens.
model = dict(
    translator=dict(type='CameraDegradation'), degradation=dict(type='Bicubic', scale=3), sr_loss=dict(type='L1Loss')
)
train_cfg = dict(max_iters=1234)
train_dataloader = dict(batch_size=8, dataset=dict(hr='/home/someone/sharp', real=['/home/a/mine', 'b']))
"""


@pytest.fixture
def network(tmp_path: Path) -> Path:
    save_sr(
        dict(config=CONFIG, scale=3, state_dict=SR_BACKBONES.build(dict(CONFIG)).state_dict()),
        tmp_path / "n.safetensors",
    )
    return tmp_path / "n.safetensors"


def sections(card: str) -> dict[str, str]:
    return {part.split("\n", 1)[0]: part.split("\n", 1)[1].strip() for part in card.split("\n## ")[1:]}


def front(card: str) -> dict[str, Any]:
    return yaml.safe_load(card.split("---\n")[1])


def test_a_network_alone_has_a_card(network: Path) -> None:
    card = model_card(network)
    assert front(card)["license"] == "unknown"
    assert "# ESPCN, 3 times larger" in card
    found = sections(card)
    assert list(found) == ["Data", "Degradation", "Scores", "Settings", "Licence"]
    assert all("beside the checkpoint" in found[title] for title in ("Data", "Degradation", "Scores", "Settings"))
    assert "Not stated" in found["Licence"]


def test_a_work_dir_fills_it(network: Path) -> None:
    folder = network.parent
    (folder / "recipe.py").write_text(RECIPE)
    worse = dict.fromkeys(RULES, (9.0, 1.0))
    verdict = Verdict({"a.png": worse}, True)
    (folder / "verdict.json").write_text(json.dumps(verdict.to_dict()))
    log = folder / "20260101_000000" / "vis_data" / "scalars.json"
    log.parent.mkdir(parents=True)
    log.write_text('{"loss": 3.5, "iter": 10, "step": 10}\n{"PSNR": 27.125, "data_time": 0.1, "step": 10}\n{"loss": 3')
    card = model_card(network, "CC-BY-4.0")
    assert front(card)["license"] == "cc-by-4.0"
    found = sections(card)
    assert "`sharp`" in found["Data"]
    assert "`mine, b`" in found["Data"]
    assert "someone" not in card
    assert "- Chosen: own_images/camera, because it sharpens." in found["Degradation"]
    assert "by Bicubic, then CameraDegradation" in found["Degradation"]
    assert "Not better than bicubic on 1 image" in found["Scores"]
    assert "| PSNR | 27.12 |" in found["Scores"] or "| PSNR | 27.13 |" in found["Scores"]
    assert "| iterations | 1234 |" in found["Settings"]
    assert "| loss of the SR network | L1Loss |" in found["Settings"]
    assert found["Licence"] == "CC-BY-4.0"


def test_a_card_that_somebody_may_have_edited_is_kept(network: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    assert write_model_card(network, card)
    card.write_text("mine")
    assert not write_model_card(network, card)
    assert card.read_text() == "mine"
    assert write_model_card(network, card, replace=True)
    assert "ESPCN" in card.read_text()
