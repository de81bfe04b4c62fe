"""Every command line of the documentation: its parser takes it, its config exists, and what can run here is run."""

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
import torch

from cyclesr.cli import prepare
from cyclesr.cli.arguments import key_values
from cyclesr.cli.main import COMMANDS, build_parser, run_command
from cyclesr.config import check_config, load_config
from cyclesr.datasets.tracks import make_demo
from cyclesr.registry import SR_BACKBONES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^ *```(?P<language>[^\n]*)\n(?P<text>.*?)^ *```$", flags=re.S | re.M)
TARGETS = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)
OTHER_PROGRAMS = {"pip", "source", "tensorboard"}
# Lines with these words are not run, only parsed, and their configs read.
NOT_RUN = {
    "data/DIV2K|div2k|ntire|cyclesrgan|NTIRE2020": "the sizes and the data of the paper",
    "torchrun|srun": "several GPUs",
    "cyclesr (benchmark-|drift)": "hours of training, or their checkpoints",
    r"\b(DIR|PHOTOGRAPHS|CHECKPOINT|CONFIG|TRACK|HOST)\b": "a word that stands for a place",
}
NUMBERS = count()


class Block(NamedTuple):
    """A fenced block of a page: its command lines, words separated."""

    page: str
    line: int
    commands: list[list[str]]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> Iterator[Block]:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for fence in FENCE.finditer(text):
            if fence["language"] == "bash" or fence["text"].startswith("cyclesr "):
                lines = fence["text"].replace("\\\n", " ").splitlines()
                commands = [words for line in lines if (words := shlex.split(line, comments=True))]
                yield Block(path.relative_to(ROOT).as_posix(), text[: fence.start()].count("\n") + 1, commands)


def spans() -> Iterator[str]:
    """Command lines within sentences that have options."""
    for path in PAGES:
        prose = FENCE.sub("", path.read_text(encoding="utf-8"))
        yield from (" ".join(span.split()) for span in re.findall(r"`(cyclesr\s[^`|]+\s-[^`|]+)`", prose))


BLOCKS = list(blocks())
SPANS = sorted({span for span in spans() if "COMMAND" not in span})


def arguments(words: list[str]) -> list[str] | None:
    """The arguments of ``cyclesr`` of a command line; None for another program, which must be known."""
    words = words[: words.index(">")] if ">" in words else words
    program = words[0]
    if program in ("torchrun", "srun"):
        return words[words.index("cyclesr") + 1 :]
    if program == "cyclesr":
        return words[1:]
    if program == "make":
        assert set(words[1:]) <= {*TARGETS} or "=" in words[-1]
    elif "=" in program or program == "python":
        (script,) = [word for word in words if word.endswith(".py")] or ["tests"]
        assert (ROOT / script).exists()
    else:
        assert program in OTHER_PROGRAMS or (ROOT / program).is_file()
    return None


def check(words: list[str]) -> None:
    """Parses the arguments; a config that cyclesr brings is read, with the options of the command line."""
    if "--help" in words:
        assert set(words[:1]) <= {*COMMANDS, "--help"}
        return
    args = build_parser().parse_args(words)
    config = getattr(args, "config", None)
    if config and not re.search("[A-Z]{2}", config) and (not config.endswith(".py") or (ROOT / config).is_file()):
        check_config(load_config(config, key_values(getattr(args, "cfg_options", []))))


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_command_lines_are_understood(block: Block) -> None:
    assert block.commands
    for words in block.commands:
        if (own := arguments(words)) is not None:
            check(own)


def test_the_page_of_commands_shows_the_help_of_each() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    commands = [*COMMANDS, *(f"prepare {name}" for name in prepare.COMMANDS)]
    assert [name for name in commands if f"```{{program-output}} cyclesr {name} --help" not in page] == []


@pytest.mark.parametrize("span", SPANS)
def test_command_lines_in_sentences_are_understood(span: str) -> None:
    check(shlex.split(span)[1:])


def photographs(folder: Path, names: list[str], height: int, width: int) -> None:
    rng = np.random.default_rng(height)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        small = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / name), cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


def drawings(folder: Path, names: list[str], side: int, pitch: int = 28) -> None:
    """Squares, one every so many pixels, whose edges `own_images/camera` and `cyclesr measure` measure."""
    rng = np.random.default_rng(side)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        image = np.full((side, side, 3), 128, np.uint8)
        for top, left in np.ndindex(side // pitch, side // pitch):
            image[pitch * top + 4 :, pitch * left + 4 :][: pitch - 8, : pitch - 8] = rng.integers(20, 235)
        cv2.imwrite(str(folder / name), image)


def pairs(hr: Path, lr: Path) -> None:
    photographs(hr, ["1.png", "2.png"], 160, 192)
    lr.mkdir(parents=True)
    for path in hr.iterdir():
        cv2.imwrite(str(lr / path.name), cv2.resize(cv2.imread(str(path)), (48, 40), interpolation=cv2.INTER_AREA))


def published(path: Path, **network: object) -> None:
    torch.save(SR_BACKBONES.build(network).state_dict(), path)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that the command lines name."""
    home = tmp_path_factory.mktemp("documentation")
    drawings(home / "sharp", ["a.png", "b.png"], 256, pitch=64)
    drawings(home / "mine", ["c.png", "d.png"], 240)
    photographs(home / "photos" / "deeper", ["e.jpg"], 24, 32)
    photographs(home / "photos", ["f.jpg"], 24, 32)
    photographs(home, ["photo.jpg"], 24, 32)
    pairs(home / "valid" / "hr", home / "valid" / "lr")
    pairs(home / "pairs" / "hr", home / "pairs" / "lr")
    shutil.copytree(home / "valid" / "hr", home / "upscaled")
    shutil.copytree(ROOT / "configs", home / "configs")
    published(home / "IMDN_x4.pth", type="IMDN", scale=4)
    published(home / "edsr_baseline_x4.pt", type="EDSR", scale=4, mean_shift=True)
    published(home / "rrdb.pth", type="RRDBNet", scale=4, num_blocks=1)
    make_demo(home / "data" / "demo_seed0")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        run(["train", "own_images/blur_noise", "--hr", "sharp", "--real", "mine", "--work-dir", "work_dirs/mine"])
        run(["import", "rrdb.pth", "work_dirs/rrdb/sr_latest.safetensors", "type=RRDBNet", "scale=4", "num_blocks=1"])
    shutil.copytree(home / "work_dirs" / "mine", home / "work_dirs" / "demo" / "cyclesr")
    return home


def run(words: list[str]) -> None:
    """Runs a command in the current folder; a training is short, and leaves what a long one leaves."""
    command, *rest = words
    if command in ("train", "demo"):
        rest = ["--iterations", "3" if "--resume" in rest else "2", *without(rest, "--iterations")]
    if command == "train":
        work_dir = Path(rest[rest.index("--work-dir") + 1] if "--work-dir" in rest else "work_dirs/mine")
        if "--resume" not in rest:
            shutil.rmtree(work_dir, ignore_errors=True)
        rest = with_options(rest, "train_dataloader.batch_size=1", f"experiment_name=docs_{next(NUMBERS)}")
    run_command([command, *rest])
    if command == "train":
        shutil.copy(max(work_dir.glob("iter_*.pth"), key=os.path.getmtime), work_dir / "iter_4000.pth")


def without(words: list[str], option: str) -> list[str]:
    place = words.index(option) if option in words else len(words)
    return words[:place] + words[place + 2 :]


def with_options(words: list[str], *options: str) -> list[str]:
    place = words.index("--cfg-options") if "--cfg-options" in words else len(words)
    return [*words[:place], "--cfg-options", *options, *words[place + 1 :]]


def is_run(words: list[str]) -> bool:
    own = words[0] == "cyclesr" and "--help" not in words
    return own and not any(re.search(pattern, " ".join(words)) for pattern in NOT_RUN)


@pytest.mark.slow
@pytest.mark.parametrize("block", [block for block in BLOCKS if any(map(is_run, block.commands))], ids=str)
def test_command_lines_run(
    block: Block, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    place = shutil.copytree(home, tmp_path / "place")
    monkeypatch.chdir(place)
    monkeypatch.setenv("CYCLESR_CACHE", str(tmp_path / "cache"))
    for words in block.commands:
        if is_run(words):
            capsys.readouterr()
            run(arguments(words) or [])
            if ">" in words:
                Path(words[-1]).write_text(capsys.readouterr().out, encoding="utf-8")
