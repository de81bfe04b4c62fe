"""The rows of the paper's Tables 1, 3 and 4, and of the pairings: the config file of each and what overrides it."""

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mmengine.config import Config

from cyclesr.config import load_config
from cyclesr.datasets.alignment import align_folders
from cyclesr.errors import UserError, did_you_mean
from cyclesr.experiments.comparison import Track, on_track, supervised
from cyclesr.experiments.published import CHALLENGES, TABLES
from cyclesr.experiments.track_benchmark import TRACK_PROTOCOLS

Table = int | Literal["pairings"]
Key = tuple[str, str, int]  # track, row and seed of a cell

SHIFTED = ("mild", "wild")  # tracks whose LR images are shifted against HR (Sec. 4.2)


@dataclass(frozen=True)
class TableRow:
    """A method of a table.

    Attributes:
        title: title of the row, as in the paper.
        full: at full scale, the config is ``<full>_<challenge>.py``. Empty if the row has no full scale.
        demo: at demo scale, the config is ``demo/<demo>_track.py``. Empty means the name given by ``full``.
        options: config keys (dotted) and values that override the demo config.
        pairs: at demo scale, the SR network of the config trains without a translator on ``bicubic`` or ``true``
            pairs. Empty for unpaired methods.
        steps_of: at demo scale, the row takes the number of iterations of this row. Empty for a row whose length is
            given by time.
        times: factor of that number of iterations.
        same_as: name of the row that this row repeats under another name.
        trains: whether the row trains a network; bicubic does not.
    """

    title: str
    full: str = ""
    demo: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    pairs: str = ""
    steps_of: str = ""
    times: float = 1.0
    same_as: str = ""
    trains: bool = True


def _feedback(weight: float) -> dict[str, Any]:
    return {"model.feedback_weight": weight, "model.sr_loss.weight": weight}


def _sr(**network: Any) -> dict[str, Any]:
    return {"model.sr": dict(_delete_=True, scale=4, **network)}


# Each part takes as many steps as in demo/cyclesr_track.py (0.85 and 0.75 of its iterations), so 1.6 times as many in
# total.
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

# The SR networks of the pairings, each small enough to train in minutes on a CPU.
_VDSR = _sr(type="VDSR", channels=48, num_blocks=8, norm="none", global_skip=True)
_SRRESNET = _sr(type="SRResNet", channels=32, num_blocks=4, norm="none", global_skip=True)
_IMDN = _sr(type="IMDN", channels=48, num_blocks=4, global_skip=True)
_RCAN = _sr(type="RCAN", channels=32, num_groups=2, num_blocks=3, reduction=8, global_skip=True)
_COMPACT = _sr(type="SRVGGNetCompact", channels=48, num_layers=10)

ROWS = {
    "bicubic": TableRow("Bicubic", "cyclesr", trains=False),
    "sr_syn": TableRow("SR_syn", "sr_syn", "cyclesr", pairs="bicubic", steps_of="cyclesr"),
    "sr_paired": TableRow("SR_paired", "sr_paired", "cyclesr", pairs="true", steps_of="cyclesr"),
    "cyclegan": TableRow("CycleGAN", "cyclegan"),
    "bulat": TableRow("Bulat et al.", "bulat", steps_of="bulat_collaborative", times=1.6),
    "bulat_collaborative": TableRow("*Bulat et al.", "bulat_collaborative"),
    "cyclesr": TableRow("CycleSR", "cyclesr"),
    "unitsr": TableRow("UNITSR", "unitsr"),
    "separate": TableRow("Separated", "ablation/separate", "cyclesr", _SEPARATE, steps_of="cyclesr", times=1.6),
    "feedback_0": TableRow("0", "ablation/feedback_0", "cyclesr", _NO_FEEDBACK, steps_of="cyclesr"),
    "feedback_1e2": TableRow("100", "ablation/feedback_1e2", "cyclesr", _feedback(1e2), steps_of="cyclesr"),
    "feedback_1e3": TableRow("1000", "ablation/feedback_1e3", "cyclesr", same_as="cyclesr"),
    "feedback_1e4": TableRow("10000", "ablation/feedback_1e4", "cyclesr", _feedback(1e4), steps_of="cyclesr"),
    "cyclesrgan": TableRow("CycleSRGAN", "cyclesrgan"),
    "cyclegan_edsr": TableRow("CycleGAN + EDSR", same_as="cyclesr"),
    "unit_edsr": TableRow("UNIT + EDSR", same_as="unitsr"),
    "bulat_edsr": TableRow("Bulat + EDSR", same_as="bulat_collaborative"),
    "dsgan_edsr": TableRow("DSGAN + EDSR", demo="dsgan"),
    "cut_edsr": TableRow("CUT + EDSR", demo="cut"),
    "probabilistic_edsr": TableRow("ProbabilisticDegradation + EDSR", demo="probabilistic"),
    "cyclegan_vdsr": TableRow("CycleGAN + VDSR", demo="cyclesr", options=_VDSR),
    "cyclegan_srresnet": TableRow("CycleGAN + SRResNet", demo="cyclesr", options=_SRRESNET),
    "cyclegan_imdn": TableRow("CycleGAN + IMDN", demo="cyclesr", options=_IMDN),
    "cyclegan_rcan": TableRow("CycleGAN + RCAN", demo="cyclesr", options=_RCAN),
    "cyclegan_compact": TableRow("CycleGAN + SRVGGNetCompact", demo="cyclesr", options=_COMPACT),
    "unit_srresnet": TableRow("UNIT + SRResNet", demo="unitsr", options=_SRRESNET),
}
# One SR network with several translators, and one translator with several SR networks.
PAIRINGS = ("bicubic", *(name for name, row in ROWS.items() if " + " in row.title))


def rows_of(table: Table, chosen: list[str] | None = None) -> list[str]:
    """Returns the names of a table's rows, or those of them that are chosen, in the order of the table.

    Raises:
        UserError: there is no such table or row.
    """
    rows: dict[Table, list[str]] = {"pairings": list(PAIRINGS)}
    rows |= {number: list(names) for number, names in TABLES.items()}
    if table not in rows:
        raise UserError(f"The table must be one of {', '.join(map(str, rows))}, found {table}.")
    known = rows[table]
    for name in chosen or []:
        if name not in known:
            raise UserError(f"Table {table} has no row {name!r}.{did_you_mean(name, known)} It has {', '.join(known)}.")
    return [name for name in known if chosen is None or name in chosen]


def tracks_of(table: Table, chosen: list[str] | None = None) -> list[str]:
    """Returns the tracks of a table, or those of them that are chosen.

    A table of the paper has the tracks for which the paper has figures. The pairings have all tracks.

    Raises:
        UserError: the table does not have a chosen track.
    """
    known = [kind for kind in CHALLENGES if table == "pairings" or any(kind in row for row in TABLES[table].values())]
    for kind in chosen or []:
        if kind not in known:
            raise UserError(f"Table {table} has only the tracks {', '.join(known)}, found {kind}: remove --tracks.")
    return [kind for kind in known if chosen is None or kind in chosen]


def keys_of(
    table: Table, seeds: list[int], rows: list[str] | None = None, tracks: list[str] | None = None
) -> list[Key]:
    """Returns the cells of a table in the order of seeds, tracks and rows.

    Args:
        table: number of the paper's table, or ``pairings``.
        seeds: the seeds.
        rows: names of the rows. ``None`` takes all.
        tracks: names of the tracks. ``None`` takes all.

    Raises:
        UserError: as for :func:`rows_of` and :func:`tracks_of`.
    """
    names, kinds = rows_of(table, rows), tracks_of(table, tracks)
    return [(kind, name, seed) for seed in seeds for kind in kinds for name in names]


def full_config(name: str, track: str, configs: Path) -> Config:
    """Returns the config of a row at full scale, on DIV2K.

    Args:
        name: a key of :data:`ROWS`.
        track: ``unknown``, ``mild`` or ``wild``.
        configs: the folder ``configs``.

    Raises:
        UserError: the row exists only at demo scale.
    """
    if not ROWS[name].full:
        raise UserError(f"The row {name!r} exists only at --scale demo.")
    return load_config(str(configs / f"{ROWS[name].full}_{CHALLENGES[track]}.py"))


def demo_config(name: str, track: Track, kind: str, configs: Path) -> Config:
    """Returns the config of a row at demo scale, before :func:`with_pairs`.

    Args:
        name: a key of :data:`ROWS`.
        track: the folders of the track.
        kind: ``unknown``, ``mild`` or ``wild``, which determines the protocol.
        configs: the folder ``configs``.
    """
    row = ROWS[name]
    path = configs / "demo" / f"{row.demo or row.full}_track.py"
    config = on_track(load_config(str(path), copy.deepcopy(row.options)), track)
    config.test_evaluator = dict(type="SRQuality", protocol=TRACK_PROTOCOLS[kind], scale=track.scale)
    return config


def with_pairs(config: Config, name: str, track: Track, kind: str) -> Config:
    """Returns the config, changed to a supervised training of its SR network if the row trains on pairs.

    True pairs of a track with shifts are those of :func:`align_track`.
    """
    pairs = ROWS[name].pairs
    if not pairs:
        return config
    if pairs == "bicubic":
        return supervised(config)
    if not _needs_alignment(name, kind):
        return supervised(config, track.hidden_lr)
    config = supervised(config, _aligned(track) / "lr")
    config.train_dataloader.dataset.hr = str(_aligned(track) / "hr")
    return config


def align_track(name: str, track: Track, kind: str) -> None:
    """Aligns the true pairs of a track with shifts (Sec. 4.2) once, if the row trains on them."""
    if _needs_alignment(name, kind) and not (_aligned(track) / "alignment.json").is_file():  # written last
        align_folders(track.hidden_lr, track.hr, _aligned(track), track.scale)


def _needs_alignment(name: str, kind: str) -> bool:
    return ROWS[name].pairs == "true" and kind in SHIFTED


def _aligned(track: Track) -> Path:
    return track.hidden_lr.parent / "aligned"
