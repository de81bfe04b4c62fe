"""The rows of the paper's Tables 1, 3 and 4 as configs: which file, and what is laid over it at demo scale."""

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cyclesr.config import load_config
from cyclesr.datasets.alignment import align_folders
from cyclesr.errors import UserError, did_you_mean
from cyclesr.evaluation.comparison import Track, on_track, supervised
from cyclesr.evaluation.published import CHALLENGES, TABLES
from cyclesr.evaluation.track_benchmark import PROTOCOLS

SHIFTED = ("mild", "wild")  # the tracks whose pairs do not lie on each other (Sec. 4.2)


@dataclass(frozen=True)
class Row:
    """A method of a table.

    Attributes:
        title: as in the paper.
        full: at full scale the config is ``<full>_<challenge>.py``.
        demo: at demo scale it is ``demo/<demo>_track.py``; empty where it is named as at full scale.
        options: dotted keys and values laid over the demo config.
        pairs: at demo scale the config's SR network trains without a translator, on ``bicubic`` or on ``true`` pairs.
        steps_of: the row whose number of iterations it takes at demo scale; empty for one that is given a time.
        times: so many times that number.
        same_as: the row that it is, under another name.
        trains: bicubic does not.
    """

    title: str
    full: str
    demo: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    pairs: str = ""
    steps_of: str = ""
    times: float = 1.0
    same_as: str = ""
    trains: bool = True


def _feedback(weight: float) -> dict[str, Any]:
    return {"model.feedback_weight": weight, "model.sr_loss.weight": weight}


# Each part takes as many steps as in demo/cyclesr_track.py, 0.85 and 0.75 of its iterations; 1.6 times as many in all.
_DECAY = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.16, stop_at=0.53)]
_SEPARATE = {
    "custom_hooks.0.stages": [dict(name="translation", fraction=0.53), dict(name="sr_on_fake")],
    "param_scheduler": dict(
        generators=_DECAY,
        discriminators=_DECAY,
        sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=0.81)],
    ),
}
# Sec. 4.3: "lambda_Trans^SR = 0 and lambda_mse = 1"
_NO_FEEDBACK = {"model.feedback_weight": 0.0, "model.sr_loss.weight": 1.0, "model.optimisation": "alternating"}

ROWS = {
    "bicubic": Row("Bicubic", "cyclesr", trains=False),
    "sr_syn": Row("SR_syn", "sr_syn", "cyclesr", pairs="bicubic", steps_of="cyclesr"),
    "sr_paired": Row("SR_paired", "sr_paired", "cyclesr", pairs="true", steps_of="cyclesr"),
    "cyclegan": Row("CycleGAN", "cyclegan"),
    "bulat": Row("Bulat et al.", "bulat", steps_of="bulat_collaborative", times=1.6),
    "bulat_collaborative": Row("*Bulat et al.", "bulat_collaborative"),
    "cyclesr": Row("CycleSR", "cyclesr"),
    "unitsr": Row("UNITSR", "unitsr"),
    "separate": Row("Separated", "ablation/separate", "cyclesr", _SEPARATE, steps_of="cyclesr", times=1.6),
    "feedback_0": Row("0", "ablation/feedback_0", "cyclesr", _NO_FEEDBACK, steps_of="cyclesr"),
    "feedback_1e2": Row("100", "ablation/feedback_1e2", "cyclesr", _feedback(1e2), steps_of="cyclesr"),
    "feedback_1e3": Row("1000", "ablation/feedback_1e3", "cyclesr", same_as="cyclesr"),
    "feedback_1e4": Row("10000", "ablation/feedback_1e4", "cyclesr", _feedback(1e4), steps_of="cyclesr"),
    "cyclesrgan": Row("CycleSRGAN", "cyclesrgan"),
}


def rows_of(table: int, chosen: list[str] | None = None) -> list[str]:
    """The names of a table's rows in the paper's order, or those of them that were chosen.

    Raises:
        UserError: no such table or row.
    """
    if table not in TABLES:
        raise UserError(f"The tables with rows are {', '.join(map(str, TABLES))}; found {table}.")
    known = list(TABLES[table])
    for name in chosen or []:
        if name not in known:
            raise UserError(f"Table {table} has no row {name!r}.{did_you_mean(name, known)} It has {', '.join(known)}.")
    return [name for name in known if chosen is None or name in chosen]


def full_config(name: str, track: str, configs: Path) -> Config:
    """The config of a row at full scale, on DIV2K.

    Args:
        name: a key of :data:`ROWS`.
        track: ``unknown``, ``mild`` or ``wild``.
        configs: the folder ``configs``.
    """
    return load_config(str(configs / f"{ROWS[name].full}_{CHALLENGES[track]}.py"))


def demo_config(name: str, track: Track, kind: str, configs: Path) -> Config:
    """The config of a row at demo scale, before pairs replace its translator.

    Args:
        name: a key of :data:`ROWS`.
        track: its folders.
        kind: ``unknown``, ``mild`` or ``wild``: its protocol.
        configs: the folder ``configs``.
    """
    row = ROWS[name]
    path = configs / "demo" / f"{row.demo or row.full}_track.py"
    config = on_track(load_config(str(path), copy.deepcopy(row.options)), track)
    config.test_evaluator = dict(type="SRQuality", protocol=PROTOCOLS[kind], scale=track.scale)
    return config


def with_pairs(config: Config, name: str, track: Track, kind: str) -> Config:
    """The config itself, or for a row that learns from pairs its SR network alone, for as many steps.

    True pairs of a track with shifts are aligned first (Sec. 4.2).
    """
    pairs = ROWS[name].pairs
    if not pairs:
        return config
    if pairs == "bicubic":
        return supervised(config)
    if kind not in SHIFTED:
        return supervised(config, track.hidden_lr)
    aligned = track.hidden_lr.parent / "aligned"
    align_folders(track.hidden_lr, track.hr, aligned, track.scale)
    config = supervised(config, aligned / "lr")
    config.train_dataloader.dataset.hr = str(aligned / "hr")
    return config
