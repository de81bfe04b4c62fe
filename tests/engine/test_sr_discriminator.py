"""CycleSRGAN in the engine: resuming is bitwise equal, and the content of its checkpoints."""

from pathlib import Path
from typing import Any

import pytest
import torch
from test_checkpoints import run

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.sr_network import load_sr


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    state = {"0.weight": torch.randn(64, 3, 3, 3), "0.bias": torch.zeros(64)}
    torch.save(state, tmp_path / "vgg19.pth")
    return dict(
        model__perceptual=dict(layers=dict(conv1_1=1.0), weights=str(tmp_path / "vgg19.pth")),
        model__sr_adversarial=dict(discriminator=dict(crop=48, channels=2)),
        optim_wrapper__sr_discriminator=dict(optimizer=dict(type="Adam", lr=1e-3)),
        param_scheduler__sr=[],
        param_scheduler__sr_discriminator=[],
    )


def test_resuming_is_bitwise_equal(tiny_config: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    for name, stops in (("straight", (4,)), ("resumed", (3, 4))):
        for stop in stops:
            run(tiny_config, tmp_path / name, resume=stop == 4, train_cfg__max_iters=stop, **options)
    straight, resumed = (read_checkpoint(tmp_path / name / "iter_4.pth") for name in ("straight", "resumed"))
    assert straight["state_dict"].keys() == resumed["state_dict"].keys()
    assert all(torch.equal(weight, resumed["state_dict"][name]) for name, weight in straight["state_dict"].items())
    first, second = (saved["optimizer"]["sr_discriminator"]["state"] for saved in (straight, resumed))
    assert len(first) > 0
    assert all(torch.equal(first[i]["exp_avg_sq"], second[i]["exp_avg_sq"]) for i in first)


def test_checkpoints_hold_the_discriminator_but_no_perceptual_network(
    tiny_config: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    run(tiny_config, tmp_path / "run", train_cfg__max_iters=3, **options)
    saved = read_checkpoint(tmp_path / "run" / "iter_3.pth")
    kinds = {name.split(".")[0] for name in saved["state_dict"]}
    assert kinds == {"sr", "sr_average", "sr_adversarial", "translator"}
    assert not any("perceptual" in name for own in saved["rank_states"] for name in own["buffers"])
    assert not any("discriminator" in name for name in saved["sr_network"]["state_dict"])
    (tmp_path / "vgg19.pth").unlink()
    network, scale = load_sr(tmp_path / "run" / "iter_3.pth")  # inference does not need VGG
    assert network(torch.rand(1, 3, 8, 8)).shape == (1, 3, 8 * scale, 8 * scale)
