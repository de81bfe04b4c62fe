"""A page in Markdown that says what a network is, what it was trained on, how well it does, and under which licence."""

import json
from collections.abc import Iterable, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import cyclesr
from cyclesr.atomic_write import write_whole_text
from cyclesr.checkpoints.sr_network import read_sr
from cyclesr.errors import UserError
from cyclesr.inference.translator import read_assigned
from cyclesr.inference.verdict import Verdict, verdict_rows

_UNKNOWN = "unknown"


def write_model_card(checkpoint: str | Path, path: Path, license: str | None = None, *, replace: bool = False) -> bool:
    """Writes the card of an SR network, with what its work dir holds: config, measurement, verdict and scores.

    Folders are named without the path to them.

    Args:
        checkpoint: as for :func:`~cyclesr.checkpoints.sr_network.load_sr`.
        path: ``.md`` file.
        license: licence of the weights, such as ``CC-BY-4.0``.
        replace: whether an existing file is replaced. Otherwise it is kept, because somebody may have written in it.

    Returns:
        Whether the card was written.

    Raises:
        UserError: the checkpoint cannot be read, or the card cannot be written.
    """
    if path.exists() and not replace:
        return False
    try:
        write_whole_text(path, model_card(checkpoint, license))
    except OSError as error:
        raise UserError(f"The model card {path} cannot be written: {error.strerror or error}.") from error
    return True


def model_card(checkpoint: str | Path, license: str | None = None) -> str:
    """Returns the text of the card that :func:`write_model_card` writes."""
    entry, folder = read_sr(checkpoint), Path(checkpoint).parent
    config = _config(folder)
    architecture = entry["config"].get("arch", entry["config"]["type"])
    known = dict(library_name="cyclesr", pipeline_tag="image-to-image", license=(license or _UNKNOWN).lower())
    sections = {
        "Data": _data(config),
        "Degradation": _degradation(config),
        "Scores": _scores(folder),
        "Settings": _settings(config),
        "Licence": [license or "Not stated. Choose one before you pass the weights on; the images may restrict it."],
    }
    lines = ["---", *(f"{key}: {value}" for key, value in known.items()), "tags: [super-resolution]", "---"]
    lines += ["", f"# {architecture}, {entry['scale']} times larger", "", *_network(entry, architecture)]
    for title, text in sections.items():
        lines += ["", f"## {title}", "", *text]
    return "\n".join(lines) + "\n"


class _Config:
    """The text of a training's config, read as data."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, path: str) -> Any:
        """Returns the value of a dotted key, or None."""
        first, *others = path.split(".")
        try:
            value = read_assigned(self.text, first)
        except (SyntaxError, ValueError, TypeError):
            return None  # a config of more than plain values
        for key in others:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    @property
    def comment(self) -> list[str]:
        """Returns the lines of the comment at the top."""
        return [line.lstrip("# ") for line in takewhile(lambda line: line[:1] == "#", self.text.splitlines())]


def _config(folder: Path) -> _Config:
    """Reads the config that a training wrote into its work dir; empty if there is none."""
    file = max(folder.glob("*.py"), key=lambda path: path.stat().st_mtime, default=None)
    return _Config(file.read_text(encoding="utf-8") if file else "")


def _network(entry: Mapping[str, Any], architecture: str) -> list[str]:
    images = colours(entry["config"].get("image_channels", 3))
    count = sum(weight.numel() for weight in entry["state_dict"].values())
    return _table(
        {
            "architecture": f"{architecture} `{json.dumps(entry['config'], default=str)}`",
            "scale": entry["scale"],
            "input": f"{images}, 0 to 1",
            "output": f"{images}, 0 to 1; values outside are to be clamped",
            "parameters and buffers": f"{count:,}",
            "card written by": f"cyclesr {cyclesr.__version__}",
        }
    )


def colours(channels: int) -> str:
    """Names the kind of images of so many channels: gray, RGB, or the number."""
    return {1: "gray", 3: "RGB"}.get(channels, f"{channels} channels")


def _data(config: _Config) -> list[str]:
    data = config.value("train_dataloader.dataset") or {}
    kinds = {"hr": "HR images", "real": "real LR images, unpaired with them", "lr": "LR images, paired with them"}
    found = {title: f"folder `{_last(data[key])}`" for key, title in kinds.items() if data.get(key)}
    return _table(found) if found else ["Not recorded beside the checkpoint."]


def _last(folder: Any) -> str:
    folders = folder if isinstance(folder, list | tuple) else [folder]
    return ", ".join(Path(str(one)).name for one in folders)


def _degradation(config: _Config) -> list[str]:
    translator, fixed = config.value("model.translator.type"), config.value("model.degradation.type")
    lines = [f"- {line}" for line in config.comment]
    if translator:
        lines.append(
            f"- LR images for the training are made from HR images by {fixed or 'a reduction'}, then {translator}."
        )
    return lines or ["Not recorded beside the checkpoint."]


def _scores(folder: Path) -> list[str]:
    lines: list[str] = []
    file = folder / "verdict.json"
    if file.is_file():
        verdict = Verdict.from_dict(json.loads(file.read_text(encoding="utf-8")))
        head, *rows = verdict_rows(verdict)
        lines += [*verdict.lines(), "", *_rows(head, rows)]
    if scores := _validation(folder):
        lines += ["", "Newest validation:", "", *_table({key: f"{value:.4g}" for key, value in scores.items()})]
    return lines or ["None: no verdict and no validation is beside the checkpoint."]


def _validation(folder: Path) -> dict[str, float]:
    """Returns the newest scores of a validation that were logged."""
    for log in sorted(folder.glob("*/vis_data/scalars.json"), reverse=True):
        for line in reversed(log.read_text(encoding="utf-8").splitlines()):
            values = json.loads(line) if line.endswith("}") else {}
            if values and "iter" not in values:
                return {key: value for key, value in values.items() if not key.endswith("time")}
    return {}


def _settings(config: _Config) -> list[str]:
    keys = {
        "iterations": "train_cfg.max_iters",
        "HR and LR images per step": "train_dataloader.batch_size",
        "crop, LR pixels": "train_dataloader.dataset.crop",
        "loss of the SR network": "model.sr_loss.type",
        "weight of the feedback": "model.feedback_weight",
        "seed": "randomness.seed",
    }
    found = {title: config.value(key) for title, key in keys.items()}
    recorded = {title: value for title, value in found.items() if value is not None}
    return _table(recorded) or ["Not recorded beside the checkpoint."]


def _table(values: Mapping[str, Any]) -> list[str]:
    return _rows(["", ""], [[title, str(value)] for title, value in values.items()]) if values else []


def _rows(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    lines = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in (head, *rows)]
    return [lines[0], "|" + "---|" * (lines[0].count("|") - 1), *lines[1:]]
