"""Table 2 from end to end at a small scale: translator, degraded pairs, RRDBNet for PSNR, then ESRGAN."""

import shutil
from pathlib import Path

import pytest
import torch

CONFIGS = Path(__file__).parents[2] / "configs"
SMALL = [
    "model.sr.channels=8",
    "model.sr.num_blocks=1",
    "model.sr.growth=4",
    "train_dataloader.batch_size=2",
    "train_dataloader.num_workers=0",
    "train_dataloader.persistent_workers=False",
    "train_dataloader.dataset.crop=8",
    "val_dataloader.num_workers=0",
    "val_evaluator.protocol=plain",
    "train_cfg.max_iters=2",
    "train_cfg.val_interval=2",
]


@pytest.fixture
def vgg19(tmp_path: Path) -> Path:
    state, index, inputs = {}, 0, 3
    for width, count in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)):
        for _ in range(count):
            state[f"features.{index}.weight"] = torch.full((), 1e-3).expand(width, inputs, 3, 3)
            state[f"features.{index}.bias"] = torch.zeros(width)
            index, inputs = index + 2, width
        index += 1
    torch.save(state, tmp_path / "vgg19.pth")
    return tmp_path / "vgg19.pth"


@pytest.mark.slow
def test_from_the_translator_to_esrgan(shell, config, folders, vgg19, tmp_path) -> None:
    data = tmp_path / "data" / "NTIRE2020"
    (data / "valid").mkdir(parents=True)
    for name in ("hr", "lr"):
        shutil.copytree(folders[name], data / "valid" / name)

    def run(name: str, *arguments: object) -> None:
        done = shell(name, *arguments)
        assert done.returncode == 0, done.stderr

    run("train", config, "--work-dir", "translator", "--cfg-options", "train_cfg.max_iters=2")
    run("degrade", "translator/iter_2.pth", folders["hr"], data / "degraded", "--hr-out", data / "hr")
    run("train", CONFIGS / "ntire20_rrdb.py", "--work-dir", "rrdb", "--cfg-options", *SMALL)
    options = [
        *SMALL,
        "load_from=rrdb/sr_latest.safetensors",
        f"model.perceptual.weights={vgg19}",
        "model.sr_adversarial.discriminator.crop=32",
        "model.sr_adversarial.discriminator.channels=2",
        "optim_wrapper.sr.optimizer.lr=0.0",  # keeps the initial weights, so that they can be compared
    ]
    run("train", CONFIGS / "ntire20_esrgan.py", "--work-dir", "esrgan", "--cfg-options", *options)
    first, second = (torch.load(tmp_path / name / "iter_2.pth", weights_only=True) for name in ("rrdb", "esrgan"))
    weights, began = first["sr_network"]["state_dict"], second["sr_network"]["state_dict"]
    assert all(torch.equal(weight, began[name]) for name, weight in weights.items())
    assert second["optimizer"]["sr_discriminator"]["state"]  # D_h stepped
    run("infer", "esrgan/iter_2.pth", folders["lr"], "-o", "sr")
    assert len(list((tmp_path / "sr").iterdir())) == 4
