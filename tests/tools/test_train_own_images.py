"""``cyclesr train --hr --real`` without a config: what is found and chosen, resuming, repeating, and the verdict."""

import json
import re
from pathlib import Path

import pytest
import torch
from scenes import scene, write_scene
from test_train import assert_same, checkpoint, one_line

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.config import load_config
from cyclesr.degradations.blur import Blur
from cyclesr.engine import measuring
from cyclesr.registry import SR_BACKBONES

TINY = ("model.sr.channels=4", "model.sr.num_blocks=1", "train_dataloader.batch_size=2", "optim_wrapper.amp=none")


@pytest.fixture
def sharp(tmp_path: Path) -> Path:
    """Two sharp images of 240x240."""
    for seed in (0, 1):
        write_scene(tmp_path / "sharp" / f"{seed}.png", scene(seed, 240))
    return tmp_path / "sharp"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Two soft, sharpened images of 160x160."""
    blur = torch.nn.Sequential(Blur(sigma=0.8), Blur(kernel=[[0, -0.3, 0], [-0.3, 2.2, -0.3], [0, -0.3, 0]]))
    for seed in (2, 3):
        image = torch.from_numpy(scene(seed, 160).transpose(2, 0, 1))[None]
        write_scene(tmp_path / "mine" / f"{seed}.png", blur(image)[0].numpy().transpose(1, 2, 0))
    return tmp_path / "mine"


def options(tmp_path: Path, name: str) -> tuple[str, ...]:
    """Options for a tiny network. Trainings in one process need names of their own."""
    return ("--cfg-options", f"experiment_name={tmp_path.name}_{name}", *TINY)


def test_one_command_measures_chooses_trains_and_judges(tool, sharp, mine, tmp_path, monkeypatch) -> None:
    folders = ("--hr", sharp, "--real", mine)
    done = tool("train", *folders, "--scale", 2, "--iterations", 4, *options(tmp_path, "a"))
    assert done.returncode == 0, done.stderr
    said = done.stdout
    for words in (
        "Measured 2 of the 2 images",
        r"Sharpness: .* Details of \d\.\d pixels",
        r"Noise: .*\d\.\d levels of 255",
        "Compression: No JPEG",
        "Chosen: own_images/camera, because",
        r"4 iterations of 2 crops of 32x32 pixels on 1 CPU thread, about a minute\. --iterations",
        r"(Better|Not better) than bicubic on 2 images",
        "The report is work_dirs/mine/report.html",
        "Next: cyclesr infer work_dirs/mine/sr_latest.safetensors",
    ):
        assert re.search(words, said), words
    place = tmp_path / "work_dirs" / "mine"  # named like the folder
    verdict = json.loads((place / "verdict.json").read_text())
    assert verdict["better"] == ("Not better" not in said)
    assert set(verdict["images"]) == {"2.png", "3.png"}

    recipe = place / "recipe.py"
    assert "# Chosen: own_images/camera" in recipe.read_text()
    assert not {"work_dir", "resume", "launcher"} & load_config(recipe).keys()
    # It repeats the training, without measuring again.
    monkeypatch.setattr(measuring, "measure_files", None)
    again = tool(
        "train", recipe, "--work-dir", tmp_path / "again", "--cfg-options", f"experiment_name={tmp_path.name}_b"
    )
    assert again.returncode == 0, again.stderr
    assert_same(checkpoint(place, 4)["state_dict"], checkpoint(tmp_path / "again", 4)["state_dict"])
    assert (tmp_path / "again" / "recipe.py").read_text().startswith("# Measured 2")


def test_folders_that_may_be_swapped_are_a_warning(tool, sharp, mine, tmp_path) -> None:
    done = tool("train", "--hr", mine, "--real", sharp, "--iterations", 1, *options(tmp_path, "swapped"))
    assert re.search(r"Warning: .*median has 0\.026 and 0\.058 megapixels.* folders are not swapped", done.stdout)


def test_resumed_equals_straight_and_takes_the_stored_choice(tool, sharp, mine, tmp_path, monkeypatch) -> None:
    work_dir = tmp_path / "run"
    length = ("--iterations", 4, "--work-dir", work_dir)
    often = "default_hooks.checkpoint.interval=2"
    done = tool("train", "--hr", sharp, "--real", mine, *length, *options(tmp_path, "a"), often)
    assert done.returncode == 0, done.stderr
    straight = checkpoint(work_dir, 4)
    (work_dir / "iter_4.pth").unlink()  # as if it had been killed after its first checkpoint
    monkeypatch.setattr(measuring, "measure_files", None)
    resumed = tool("train", "--resume", *length, "--cfg-options", f"experiment_name={tmp_path.name}_b")
    assert resumed.returncode == 0, resumed.stderr
    for part in ("state_dict", "optimizer", "param_schedulers", "rank_states"):
        assert_same(straight[part], checkpoint(work_dir, 4)[part])
    assert "Measured" not in resumed.stdout
    assert "than bicubic on 2 images" in resumed.stdout


@pytest.mark.slow
def test_a_training_with_a_config_resumes_from_the_stored_measurement(tool, sharp, mine, tmp_path, monkeypatch) -> None:
    command = ("train", "own_images/camera", "--hr", sharp, "--real", mine, "--work-dir", tmp_path / "run")
    first = tool(*command, "--iterations", 1, *options(tmp_path, "a"))
    assert first.returncode == 0, first.stderr
    assert "than bicubic on 2 images" in first.stdout
    assert (tmp_path / "run" / "camera.py").read_text().startswith("# Your own images")
    mtf = load_config(tmp_path / "run" / "camera.py").model.translator.mtf
    monkeypatch.setattr(measuring, "measure_files", None)
    second = tool(*command, "--iterations", 2, "--resume", *options(tmp_path, "b"))
    assert second.returncode == 0, second.stderr
    assert load_config(tmp_path / "run" / "camera.py").model.translator.mtf == mtf
    finished = tool(*command, "--iterations", 2, "--resume", *options(tmp_path, "c"))
    assert finished.returncode == 0, finished.stderr
    assert re.search(r"Nothing is left to train.*than bicubic on 2 images", finished.stdout, flags=re.S)
    (tmp_path / "run" / "camera.json").write_text('{"images": [')
    damaged = tool(*command, "--iterations", 3, "--resume", *options(tmp_path, "d"))
    assert re.search(r"run/camera\.json is damaged.*delete it", one_line(damaged))


def test_the_perceptual_recipe_starts_from_pretrained_weights_and_resumes_exactly(tool, sharp, mine, tmp_path) -> None:
    pytest.importorskip("spandrel")
    theirs = SR_BACKBONES.build(dict(type="Spandrel", arch="Compact", scale=2, num_feat=4, num_conv=1))
    torch.save({name.removeprefix("network."): w for name, w in theirs.state_dict().items()}, tmp_path / "2x.pth")
    torch.save({"0.weight": torch.randn(64, 3, 3, 3), "0.bias": torch.zeros(64)}, tmp_path / "vgg16.pth")
    shallow = dict(_delete_=True, network="vgg16", layers=dict(conv1_1=1.0), weights=str(tmp_path))
    losses = (
        f"model.perceptual={shallow}",
        "model.sr_adversarial.discriminator.channels=2",
        "model.sr_adversarial.discriminator.num_layers=1",
        "default_hooks.checkpoint.interval=2",
        *TINY[2:],
    )
    command = ("train", "--recipe", "perceptual", "--hr", sharp, "--real", mine, "--iterations", 4)
    start = ("--sr-weights", tmp_path / "2x.pth", "--cfg-options", f"experiment_name={tmp_path.name}_a", *losses)
    done = tool(*command, *start)
    assert done.returncode == 0, done.stderr
    assert re.search("Chosen: own_images/perceptual, because", done.stdout)
    place = tmp_path / "work_dirs" / "mine"
    config = load_config(place / "recipe.py")
    assert (config.scale, config.model.sr.arch, config.model.sr.num_feat) == (2, "Compact", 4)
    straight = checkpoint(place, 4)
    (place / "iter_4.pth").unlink()
    again = ("--resume", "--work-dir", place, "--cfg-options", f"experiment_name={tmp_path.name}_b")
    resumed = tool("train", *again)
    assert resumed.returncode == 0, resumed.stderr
    assert_same(straight["state_dict"], checkpoint(place, 4)["state_dict"])
    # The weights of the file were where it started: after four small steps they are still near.
    trained, first = load_sr(place / "sr_latest.safetensors")[0].state_dict(), theirs.state_dict()
    assert all((trained[name] - weight).abs().max() < 5e-3 for name, weight in first.items())


def test_what_the_perceptual_recipe_lacks_is_one_clear_line(tool, sharp, mine, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    command = ("train", "--recipe", "perceptual", "--hr", sharp, "--real", mine, *options(tmp_path, "a"))
    done = tool(*command)
    assert done.returncode == 2
    assert re.search(r"\nerror: LPIPSLoss.*vgg16-\*\.pth.*nothing is downloaded", done.stderr)
    assert "--recipe chooses a config" in one_line(tool("train", "own_images/camera", *command[1:]))


def test_images_without_edges_are_trained_on_with_another_config(tool, folders, tmp_path) -> None:
    done = tool("train", "--hr", folders["hr"], "--real", folders["lr"], "--iterations", 4, *options(tmp_path, "a"))
    assert done.returncode == 0, done.stderr
    assert re.search(r"Chosen: own_images/blur_noise, because .* edges .* yours show \d", done.stdout)
    assert "crops of 16x16 pixels" in done.stdout  # the images are no larger
    assert re.search(r"No verdict on your images: .*at least 48x48", done.stdout)


def test_neither_config_nor_folders(tool) -> None:
    assert re.search("--hr and --real.*or a config", one_line(tool("train")))
    assert re.search("--hr and --real.*or a config", one_line(tool("train", "--resume")))


def test_folders_that_cannot_be_trained_on_are_named_before_measuring(tool, sharp, mine, tmp_path) -> None:
    assert "nowhere does not exist" in one_line(tool("train", "--hr", sharp, "--real", "nowhere"))
    (mine / "broken.png").write_bytes(b"not an image")
    assert re.search(r"1 of 5 images.*broken\.png", one_line(tool("train", "--hr", sharp, "--real", mine)))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "iter_7.pth").touch()
    started = ("train", "--hr", sharp, "--real", mine, "--work-dir", tmp_path / "run")
    assert re.search("run holds checkpoints.*--resume", one_line(tool(*started)))
    assert re.search(r"no .*run/recipe\.py.*give the config", one_line(tool(*started, "--resume")))


@pytest.mark.slow
def test_two_ranks_choose_once_and_agree(torchrun, sharp, mine, tmp_path) -> None:
    work_dir = tmp_path / "run"
    launch = ("--work-dir", work_dir, "--launcher", "pytorch", *options(tmp_path, "a"))
    done = torchrun("train", "--hr", sharp, "--real", mine, "--iterations", 2, *launch)
    assert done.returncode == 0, done.stderr
    for words in ("Chosen: own_images/camera", "Training: 2 iterations", "than bicubic on"):
        assert done.stdout.count(words) == 1
    resumed = torchrun("train", "--hr", sharp, "--real", mine, "--iterations", 4, "--resume", *launch)
    assert resumed.returncode == 0, resumed.stderr
    assert len(checkpoint(work_dir, 4)["rank_states"]) == 2
