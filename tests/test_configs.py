"""Every file in configs/: read, checked, written and read again, built at full size; and what sets the rows apart."""

import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from skimage.data import astronaut
from torch import nn

from cyclesr.config import check_config, load_config, read_config, train_on
from cyclesr.degradations.camera import CameraMeasurement, measure_images
from cyclesr.engine.hooks.stage import StageHook
from cyclesr.errors import UserError
from cyclesr.models.stages import Stage
from cyclesr.models.translators.camera import CameraDegradation
from cyclesr.optim.parts import PartOptimizersConstructor
from cyclesr.registry import MODELS

CONFIGS = Path(__file__).parents[1] / "configs"
FILES = sorted(path for path in CONFIGS.rglob("*.py") if path.parent.name != "_base_")
TRACKS = ("ntire17_t2", "ntire18_t2", "ntire18_t4")
EPOCH = 1018


def load(name: str) -> Config:
    return load_config(str(CONFIGS / f"{name}.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(CONFIGS).with_suffix(""))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_is_read_checked_written_and_read_again(path: Path, tmp_path: Path) -> None:
    config = load_config(str(path))
    check_config(config)
    config.dump(tmp_path / "written.py")
    again = load_config(str(tmp_path / "written.py"))
    assert again.to_dict() == config.to_dict()
    check_config(again)


def base_of(path: Path) -> Path:
    (base,) = re.findall(r'^_base_ = "(.+)"$', path.read_text(), re.MULTILINE)
    return (path.parent / base).resolve()


WHOLE = [path for path in FILES if base_of(path).parent.name == "_base_"]


def code_lines(path: Path) -> int:
    """Lines that are neither blank nor a comment."""
    return sum(line.strip() != "" and not line.lstrip().startswith("#") for line in path.read_text().splitlines())


def test_a_few_experiments_stand_whole() -> None:
    assert [name_of(path) for path in WHOLE] == [
        "cyclesr_ntire17_t2",
        "demo/cyclesr_demo",
        "own_images/blur_noise",
        "unitsr_ntire18_t4",
    ]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_difference_is_short_and_says_from_what_it_differs(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith("# ")
    if path not in WHOLE:
        assert code_lines(path) <= 15
        assert base_of(path).stem in first


def test_what_all_share_is_changed_in_one_place(tmp_path: Path) -> None:
    shutil.copytree(CONFIGS, tmp_path / "configs")
    for base, old, new in (
        ("training", 'amp="auto"', 'amp="none"'),
        ("training", "seed=0", "seed=7"),
        ("runtime", "interval=50", "interval=70"),
    ):
        shared = tmp_path / "configs" / "_base_" / f"{base}.py"
        assert shared.read_text().count(old) == 1
        shared.write_text(shared.read_text().replace(old, new))
    for path in FILES:
        config = read_config(tmp_path / "configs" / path.relative_to(CONFIGS))
        found = (config.optim_wrapper.amp, config.randomness.seed, config.default_hooks.logger.interval)
        assert found == ("none", 7, 70), path


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_folders_of_ones_own_take_the_place_of_unpaired_ones(path: Path) -> None:
    config = load_config(str(path))
    data = config.train_dataloader.dataset
    if data.type != "UnpairedDataset":
        with pytest.raises(UserError, match=f"unpaired images; the training data of this config is {data.type}"):
            train_on(config, "sharp", "mine")
        return
    train_on(config, "sharp", "mine")
    check_config(config)
    assert (data.hr, data.real) == ("sharp", "mine")
    assert {"hr_range", "real_range"}.isdisjoint(data)
    assert config.val_dataloader is config.val_cfg is config.val_evaluator is config.test_dataloader is None


@pytest.fixture
def imagenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch hub cache with weights of VGG16 and VGG19, which are all zero."""
    (tmp_path / "checkpoints").mkdir()
    for network, stages in (("vgg16", (2, 2, 3, 3, 3)), ("vgg19", (2, 2, 4, 4, 4))):
        state, index, inputs = {}, 0, 3
        for stage, count in enumerate(stages):
            for _ in range(count):
                outputs = 64 * min(2**stage, 8)
                state[f"features.{index}.weight"] = torch.zeros(()).expand(outputs, inputs, 3, 3)  # one number on disk
                state[f"features.{index}.bias"] = torch.zeros(outputs)
                index, inputs = index + 2, outputs
            index += 1
        torch.save(state, tmp_path / "checkpoints" / f"{network}-zeros.pth")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))


@cache
def camera() -> CameraMeasurement:
    return measure_images([astronaut()])


def build(config: Config) -> nn.Module:
    """Builds the model with what training measures of the images."""
    translator = config.model.get("translator") or {}
    if translator.get("type") != "CameraDegradation":
        return MODELS.build(config.model)
    config.model.translator = CameraDegradation.measured(dict(translator), camera())
    model = MODELS.build(config.model)
    model.translator.take(camera())
    return model


@pytest.mark.usefixtures("imagenet")
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_builds_at_full_size(path: Path) -> None:
    config = load_config(str(path))
    model = build(config)
    assert type(model).__name__ == config.model.type
    assert model.sr_entry()["scale"] == 4
    parts = config.optim_wrapper.keys() - {"constructor", "amp", "accumulate"}
    assert parts == config.param_scheduler.keys()
    trained = {parameter for part in parts for parameter in model.parts()[part].parameters()}
    assert trained == {parameter for parameter in model.parameters() if parameter.requires_grad}


@pytest.mark.slow
@pytest.mark.usefixtures("imagenet")
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_steps_at_full_size_in_every_stage(path: Path) -> None:
    config = load_config(str(path))
    model = build(config)
    optimizers = PartOptimizersConstructor({k: v for k, v in config.optim_wrapper.items() if k != "constructor"})(model)
    before = [parameter.clone() for parameter in model.sr.parameters()]
    crop = 128 if config.model.type == "CycleGANSR" else 256  # all its networks work at HR size
    if "sr_adversarial" in config.model:
        crop = 4 * config.train_dataloader.dataset.crop  # D_h takes no other
    lr_side = crop // 4
    data = dict(hr=torch.rand(1, 3, crop, crop), real=torch.rand(1, 3, lr_side, lr_side))
    data["lr"] = torch.rand(1, 3, lr_side, lr_side)
    hooks = [hook for hook in config.get("custom_hooks", []) if hook.type == "StageHook"]
    stages = [Stage(entry.name) for hook in hooks for entry in hook.stages] or [None]
    if path.parent.name in ("demo", "own_images"):
        stages.append(stages[-1])  # what starts with a last layer of zeros moves whole in its second step
    for stage in stages:
        model.stage = stage
        losses = model.train_step(data, optimizers)
        assert losses
        assert all(torch.isfinite(loss).all() for loss in losses.values())
    assert all((a != b).any() for a, b in zip(before, model.sr.parameters(), strict=True))


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("method", ["sr_syn", "sr_paired"])
def test_baselines_of_table_1_share_network_and_effort_with_cyclesr(method: str, track: str) -> None:
    ours, cyclesr = load(f"{method}_{track}"), load(f"cyclesr_{track}")
    assert ours.model.sr == cyclesr.model.sr
    assert ours.model.sr_loss == cyclesr.model.sr_loss
    assert ours.optim_wrapper.sr == cyclesr.optim_wrapper.sr
    for name in ("val_dataloader", "val_evaluator", "test_dataloader", "test_evaluator"):
        assert ours[name] == cyclesr[name]
    assert ours.train_dataloader.batch_size == cyclesr.train_dataloader.batch_size
    assert ours.train_dataloader.dataset.crop == cyclesr.train_dataloader.dataset.crop
    assert ours.train_cfg.max_iters == updates(cyclesr)["sr"]
    assert decay_start(ours) == decay_start(cyclesr) - updates(cyclesr)["translator alone"]


@pytest.mark.parametrize("track", TRACKS)
def test_baselines_of_table_1_differ_in_their_pairs(track: str) -> None:
    syn, paired = load(f"sr_syn_{track}"), load(f"sr_paired_{track}")
    assert syn.model.degradation == dict(type="Bicubic", scale=4)
    assert syn.train_dataloader.dataset.hr_range == (1, 400)
    assert "LR" not in str(syn.train_dataloader.dataset)  # no real image is shown to it
    assert "degradation" not in paired.model
    folder = dict(ntire17_t2="LR_unknown/X4", ntire18_t2="aligned_mild/lr", ntire18_t4="aligned_wild/lr")[track]
    assert paired.train_dataloader.dataset.type == "PairedDataset"
    assert paired.train_dataloader.dataset.lr.endswith(folder)


@pytest.mark.parametrize(
    ("weight", "feedback", "sr_weight"), [("0", 0, 1), ("1e2", 100, 100), ("1e3", 1000, 1000), ("1e4", 10000, 10000)]
)
def test_feedback_rows_of_table_3(weight: str, feedback: float, sr_weight: float) -> None:
    row, cyclesr = load(f"ablation/feedback_{weight}_ntire17_t2").to_dict(), load("cyclesr_ntire17_t2").to_dict()
    assert row["model"]["feedback_weight"] == feedback
    assert row["model"]["sr_loss"]["weight"] == sr_weight
    differing = differences(row, cyclesr)
    assert differing <= {"model.feedback_weight", "model.sr_loss.weight", "model.optimisation"}
    assert bool(differing) == (weight != "1e3")  # that row is CycleSR itself


def test_separate_row_of_table_3() -> None:
    row, cyclesr = load("ablation/separate_ntire17_t2"), load("cyclesr_ntire17_t2")
    stages = [StageHook(row.custom_hooks[0].stages).stage_at(i * EPOCH, row.train_cfg.max_iters) for i in range(406)]
    assert stages == [Stage.TRANSLATION] * 205 + [Stage.SR_ON_FAKE] * 201
    assert updates(row)["sr"] == updates(cyclesr)["sr"] == 201 * EPOCH
    assert updates(row)["translator"] == updates(cyclesr)["translator"] == 205 * EPOCH
    assert row.train_cfg.max_iters - decay_start(row) == cyclesr.train_cfg.max_iters - decay_start(cyclesr)
    assert row.model.translator == cyclesr.model.translator


@pytest.mark.parametrize("track", TRACKS)
def test_bulat_trained_together_is_cyclesr_with_another_translator(track: str) -> None:
    row, cyclesr = load(f"bulat_collaborative_{track}").to_dict(), load(f"cyclesr_{track}").to_dict()
    assert row["model"].pop("translator")["type"] == "Bulat"
    cyclesr["model"].pop("translator")
    assert differences(row, cyclesr) == set()


@pytest.mark.parametrize("track", TRACKS)
def test_bulat_trains_one_network_after_the_other_for_as_many_steps_each(track: str) -> None:
    row, together = load(f"bulat_{track}"), load(f"bulat_collaborative_{track}")
    stages = [StageHook(row.custom_hooks[0].stages).stage_at(i * EPOCH, row.train_cfg.max_iters) for i in range(406)]
    assert stages == [Stage.TRANSLATION] * 205 + [Stage.SR_ON_FAKE] * 201
    assert updates(row)["sr"] == updates(together)["sr"]
    assert updates(row)["translator"] == updates(together)["translator"]
    assert row.train_cfg.max_iters - decay_start(row) == together.train_cfg.max_iters - decay_start(together)
    for key in ("translator", "sr", "sr_loss"):
        assert row.model[key] == together.model[key]


@pytest.mark.parametrize("track", TRACKS)
def test_cyclegan_sees_the_images_of_cyclesr(track: str) -> None:
    row, cyclesr = load(f"cyclegan_{track}"), load(f"cyclesr_{track}")
    assert row.model.translator == {**cyclesr.model.translator, "generator": row.model.sr.network}
    for key in ("hr", "real", "hr_range", "real_range", "scale", "augment"):
        assert row.train_dataloader.dataset[key] == cyclesr.train_dataloader.dataset[key]
    for key in ("val_dataloader", "val_evaluator", "test_dataloader", "test_evaluator"):
        assert row[key] == cyclesr[key]
    assert row.train_cfg.max_iters == cyclesr.train_cfg.max_iters


def test_bulat_at_demo_scale_takes_the_steps_of_cyclesr_in_sequence() -> None:
    row, cyclesr = load("demo/bulat_track"), load("demo/cyclesr_track")
    total, fraction = row.train_cfg.max_iters, row.custom_hooks[0].stages[0].fraction
    whole = 2500
    hook = StageHook(cyclesr.custom_hooks[0].stages)
    stages = [hook.stage_at(i, whole) for i in range(whole)]
    assert fraction * total == pytest.approx(sum(stage.trains_translator for stage in stages), rel=0.01)
    assert (1 - fraction) * total == pytest.approx(whole - stages.count(Stage.TRANSLATION), rel=0.01)


def updates(config: Config) -> dict[str, int]:
    """How often each part moves in the whole training."""
    hook, total = StageHook(config.custom_hooks[0].stages), config.train_cfg.max_iters
    stages = [hook.stage_at(i, total) for i in range(0, total, EPOCH)]
    alone = stages.count(Stage.TRANSLATION) * EPOCH
    moving = sum(stage.trains_translator for stage in stages) * EPOCH
    return {"sr": total - alone, "translator": moving, "translator alone": alone}


def decay_start(config: Config) -> int:
    """The iteration after which the rate of the SR network falls."""
    return round(config.param_scheduler.sr[0].decay_from * config.train_cfg.max_iters)


def differences(first: Any, second: Any, where: str = "") -> set[str]:
    """Dotted keys of what differs."""
    if isinstance(first, dict) and isinstance(second, dict):
        keys = first.keys() | second.keys()
        return set().union(*(differences(first.get(k), second.get(k), f"{where}.{k}".lstrip(".")) for k in keys))
    return set() if first == second else {where}


@pytest.mark.parametrize("track", TRACKS)
def test_cyclesrgan_of_table_4_is_cyclesr_with_more_terms(track: str) -> None:
    gan, cyclesr = load(f"cyclesrgan_{track}").to_dict(), load(f"cyclesr_{track}").to_dict()
    assert differences(gan, cyclesr) == {
        "model.perceptual",
        "model.sr_adversarial",
        "model.optimisation",
        "optim_wrapper.sr_discriminator",
        "param_scheduler.sr_discriminator",
    }
    assert gan["model"]["optimisation"] == "alternating"
    assert gan["model"]["sr_adversarial"]["discriminator"]["crop"] == 4 * gan["train_dataloader"]["dataset"]["crop"]
    assert gan["optim_wrapper"]["sr_discriminator"] == gan["optim_wrapper"]["sr"]
    assert gan["param_scheduler"]["sr_discriminator"] == gan["param_scheduler"]["sr"]


def test_esrgan_of_table_2_begins_where_its_pretraining_ends() -> None:
    esrgan, rrdb = load("ntire20_esrgan").to_dict(), load("ntire20_rrdb").to_dict()
    assert esrgan["model"]["sr"] == rrdb["model"]["sr"]
    for name in ("train_dataloader", "val_dataloader", "val_evaluator", "test_dataloader", "test_evaluator"):
        assert esrgan[name] == rrdb[name]
    model = esrgan["model"]
    weights = (model["sr_loss"]["weight"], model["perceptual"]["weight"], model["sr_adversarial"]["weight"])
    assert weights == (1e-2, 1.0, 5e-3)  # ESRGAN, Sec. 4.1
    assert model["sr_adversarial"]["discriminator"]["crop"] == 4 * esrgan["train_dataloader"]["dataset"]["crop"] == 128


def test_cyclesrgan_at_demo_scale_is_cyclesr_with_more_terms() -> None:
    gan, cyclesr = load("demo/cyclesrgan_track").to_dict(), load("demo/cyclesr_track").to_dict()
    kinds = {name.split(".")[0] for name in differences(gan, cyclesr) if not name.startswith("_")}
    assert kinds == {"model", "optim_wrapper", "param_scheduler"}
    assert gan["model"]["translator"] == cyclesr["model"]["translator"]
    assert gan["model"]["sr"] == cyclesr["model"]["sr"]
