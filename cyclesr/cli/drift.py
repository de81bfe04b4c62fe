"""Show whether G1 drifted during a training on a simulated track: one row per checkpoint (experiment).

cyclesr drift CONFIG WORK_DIR --data data/demo_seed0
"""

import argparse
import json
from pathlib import Path

from cyclesr.cli.arguments import add_config_options, key_values
from cyclesr.errors import UserError

TRUTHS = ("degradation_psnr", "psnr")
SIGNALS = ("consistency", "spectrum")
COLUMNS = ("iter", *TRUTHS, "noise", "true_noise", *SIGNALS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr drift``."""
    parser.add_argument("config", help="of the training")
    parser.add_argument("work_dir", type=Path, help="with its checkpoints")
    parser.add_argument(
        "--data", type=Path, required=True, help="made by 'cyclesr prepare demo', or by 'cyclesr benchmark-track'"
    )
    parser.add_argument("--protocol", help="that SR is scored under, in place of the config's")
    add_config_options(parser, "those of the training")
    parser.add_argument("--out", type=Path, help="JSON file (default: drift.json in the work dir)")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Measure every checkpoint, print the curve."""
    from cyclesr.config import check_config, load_config
    from cyclesr.experiments.demo import track_of
    from cyclesr.experiments.drift import agreement, drift_curve
    from cyclesr.inference.evaluate import metric_config
    from cyclesr.inference.evaluation_report import check_place, strict_json
    from cyclesr.text_tables import markdown_table

    config = load_config(args.config, key_values(args.cfg_options))
    check_config(config)
    protocol = args.protocol or metric_config(config).get("protocol")
    if protocol is None:
        raise UserError(f"{args.config} names no protocol to score SR under: give one with --protocol.")
    out = check_place(args.out or args.work_dir / "drift.json")
    rows = drift_curve(config, args.work_dir, track_of(args.data), protocol)
    cells = [[f"{row[c]:.2f}" if c != "iter" else str(row[c]) for c in COLUMNS] for row in rows]
    print(markdown_table(COLUMNS, cells))
    agreements = {s: {t: agreement(rows, s, t) for t in TRUTHS} for s in SIGNALS if len(rows) > 2}
    if agreements:
        print("rank correlation with the truth:", json.dumps(agreements))
    out.write_text(strict_json(dict(rows=rows, agreement=agreements)), encoding="utf-8")
