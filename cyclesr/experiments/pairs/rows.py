"""The rows of the benchmark on real pairs: the config file of each and what overrides it.

Every row trains the same SR network, that of the demo configs, so that rows differ only in what it learns from.
"""

import copy
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cyclesr.config import load_config, train_on, validate_on
from cyclesr.engine.measuring import measure_folder
from cyclesr.engine.recipe import DRAWN_COMPRESSION, Recipe, choose_recipe
from cyclesr.errors import UserError, did_you_mean
from cyclesr.experiments.comparison import Folders, sr_steps, supervised

TRACK = "demo/cyclesr_track"
_EDSR = dict(type="EDSR", channels=48, num_blocks=6, upsampling="direct", global_skip=True)
SR_NETWORK = {"model.sr": dict(_delete_=True, **_EDSR)}
LONGEST = 100  # maximum length of a training, in multiples of the SR steps


@dataclass(frozen=True)
class PairRow:
    """A method of the benchmark.

    Attributes:
        title: title of the row.
        config: name or path of the config, see :func:`~cyclesr.config.find_config`.
        options: config keys (dotted) and values that override the config and the common SR network.
        pairs: the SR network of the config trains without a translator on ``bicubic`` or ``true`` pairs. Empty for
            unpaired methods.
        trains: whether the row trains a network; bicubic does not.
        own_network: whether the row keeps the config's SR network, for methods that need their own.
        measured: config and options are those that ``cyclesr train`` without a config chooses for the real LR images,
            on a CPU.
    """

    title: str
    config: str = TRACK
    options: Mapping[str, Any] = field(default_factory=dict)
    pairs: str = ""
    trains: bool = True
    own_network: bool = False
    measured: bool = False

    @property
    def uses_hr_folder(self) -> bool:
        """Returns whether the row depends on the HR folder. Bicubic and true pairs do not."""
        return self.trains and self.pairs != "true"


# The noise of own_images/camera, for a G1 that learns.
_UNEXPLAINED = {"model.unexplained": dict(level=(1.0, 1.0), texture=0.3)}
# A field of view of 7 px, and a discriminator of fine structure in patches of 16 px, as in demo/cyclesr_track.
_GENERATOR = dict(
    type="ResNetGenerator",
    channels=32,
    num_blocks=0,
    num_down=0,
    head_kernel=5,
    tail_kernel=3,
    norm="none",
    init="default",
)
_JUDGE = dict(type="PatchDiscriminator", channels=64, num_layers=1, norm="instance", high_pass=5, init="default")
_STYLES = dict(channels=32, num_blocks=1, num_down=0, head_kernel=5, tail_kernel=3, style_dim=8, style_down=2)


def _translator(kind: str, **arguments: Any) -> dict[str, Any]:
    parts = dict(discriminator=_JUDGE, residual=True, noise_channels=1, free_noise=True) | arguments
    return {"model.translator": dict(_delete_=True, type=kind, **parts)}


PAIR_ROWS = {
    "bicubic": PairRow("Bicubic", trains=False),
    "sr_syn": PairRow("SR_syn", pairs="bicubic"),
    "sr_paired": PairRow("SR_paired", pairs="true"),
    "cyclesr": PairRow("CycleSR"),
    "unitsr": PairRow("UNITSR", "demo/unitsr_track"),
    "cyclesr_unexplained": PairRow("CycleSR, with unexplained noise", options=_UNEXPLAINED),
    "unitsr_unexplained": PairRow("UNITSR, with unexplained noise", "demo/unitsr_track", options=_UNEXPLAINED),
    "probabilistic": PairRow("ProbabilisticDegradation", "demo/probabilistic_track"),
    "kernelgan": PairRow("KernelGAN's kernel", "demo/kernelgan_track"),
    "recipe": PairRow("cyclesr train", measured=True),
    "camera": PairRow("CameraDegradation", "own_images/camera"),
    "camera_compressed": PairRow(
        "CameraDegradation, with JPEG",
        "own_images/camera",
        options=DRAWN_COMPRESSION,
    ),
    "camera_perceptual": PairRow("CameraDegradation, perceptual", "own_images/perceptual"),
    "camera_mix": PairRow(
        "CameraDegradation, mixed",
        "own_images/camera",
        options={"model.mix": dict(random=0.25, both=0.25, chain=dict(strength=0.5))},
    ),
    "bulat": PairRow("Bulat et al.", "demo/bulat_track"),
    "bulat_collaborative": PairRow("*Bulat et al.", "demo/bulat_collaborative_track"),
    "ludvae": PairRow("LUD-VAE", "demo/ludvae_track"),
    "zhao": PairRow("Zhao et al.", "demo/zhao_track"),
    "lugmayr": PairRow("Lugmayr et al.", "demo/lugmayr_track"),
    "dsgan": PairRow("DSGAN", "demo/dsgan_track"),
    "cut": PairRow("CUT", "demo/cut_track"),
    "discogan": PairRow("DiscoGAN", options=_translator("DiscoGAN", generator=_GENERATOR)),
    "dualgan": PairRow("DualGAN", options=_translator("DualGAN", generator=_GENERATOR)),
    "cincgan": PairRow("CinCGAN", options=_translator("CinCGAN", generator=_GENERATOR)),
    "munit": PairRow("MUNIT", options=_translator("MUNIT", generator=dict(_STYLES, mlp_width=32, norm="none"))),
    "drit": PairRow(
        "DRIT",
        options=_translator(
            "DRIT",
            generator=_STYLES,
            content_discriminator=dict(channels=32, num_layers=1, kernel=3, tail_kernel=2),
        ),
    ),
    "cyclesrgan": PairRow("CycleSRGAN", "demo/cyclesrgan_track"),
    "cyclegan": PairRow("CycleGAN (its own network)", "demo/cyclegan_track", own_network=True),
}
DEFAULT_ROWS = ("bicubic", "sr_syn", "sr_paired", "cyclesr", "unitsr", "probabilistic", "recipe")


def choose_rows(names: Iterable[str], rows: Mapping[str, PairRow]) -> list[str]:
    """Returns the chosen names in the order of the rows; ``all`` stands for all of them.

    Raises:
        UserError: a name is unknown.
    """
    chosen = set(names)
    for name in chosen - {"all"}:
        if name not in rows:
            raise UserError(f"Unknown row {name!r}.{did_you_mean(name, rows)} Choose from {', '.join(rows)}.")
    return [name for name in rows if name in chosen or "all" in chosen]


def row_config(row: PairRow, folders: Folders) -> Config:
    """Returns the config of a row on some folders, without validation while it trains, of the config's own length.

    Args:
        row: the row.
        folders: image folders; the row on true pairs needs ``hidden_lr``.

    Raises:
        UserError: the config does not exist or has an error, or there are no true pairs.
    """
    name, options = (row.config, row.options) if not row.measured else _recipe(folders.real, folders.scale)[:2]
    network = {} if row.own_network else SR_NETWORK
    config = load_config(name, copy.deepcopy({"scale": folders.scale, **network, **options}))
    train_on(config, str(folders.hr), str(folders.real), validates=True)
    validate_on(config, str(folders.valid_hr), str(folders.valid_lr))
    for name in ("val_dataloader", "val_cfg", "val_evaluator"):
        config[name] = None
    config.test_evaluator = dict(type="SRQuality", protocol="plain", scale=folders.scale)
    if not row.pairs:
        return config
    if row.pairs == "true" and folders.hidden_lr is None:
        raise UserError(f"{row.title} needs the LR images of {folders.hr}: put them beside it as 'hr_lr'.")
    return supervised(config, folders.hidden_lr if row.pairs == "true" else None)


@cache
def _recipe(real: Path, scale: int) -> Recipe:
    """Chooses what ``cyclesr train`` without a config trains on a CPU, but for the number and size of the crops."""
    return choose_recipe(measure_folder(real).camera, None, scale, gpu=False)


def iterations_for_steps(config: Config, steps: int) -> int:
    """Returns the length of a training in which the SR network makes a number of steps.

    Raises:
        UserError: the stages of the config do not allow that number of steps.
    """
    if not any(hook["type"] == "StageHook" for hook in config.get("custom_hooks") or []):
        return steps
    config = copy.deepcopy(config)

    def steps_of(total: int) -> int:
        config.train_cfg.max_iters = total
        return sr_steps(config)

    total = steps
    while steps_of(total) < steps:
        total *= 2
        if total > LONGEST * steps:
            raise UserError(
                f"No length of the training gives the SR network {steps} steps: see the stages of its config."
            )
    return bisect_left(range(total), steps, lo=steps, key=steps_of)
