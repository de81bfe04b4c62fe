"""Shows whether G1 drifted during a training on a simulated track: a row for each checkpoint."""

import argparse
import json
from pathlib import Path

from cyclesr.cli.arguments import key_values, run
from cyclesr.errors import UserError

TRUTHS = ("degradation_psnr", "psnr")
SIGNALS = ("consistency", "spectrum")
COLUMNS = ("iter", *TRUTHS, "noise", "true_noise", *SIGNALS)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="of the training")
    parser.add_argument("work_dir", type=Path, help="with its checkpoints")
    parser.add_argument(
        "--data", type=Path, required=True, help="made by prepare_data.py demo, or by benchmark_track.py"
    )
    parser.add_argument("--protocol", help="that SR is scored under, in place of the config's")
    parser.add_argument("--cfg-options", nargs="+", default=[], metavar="KEY=VALUE", help="those of the training")
    parser.add_argument("--out", type=Path, help="JSON file (default: drift.json in the work dir)")
    return parser.parse_args()


def main() -> None:
    """Measures every checkpoint, prints the curve."""
    args = parse_arguments()
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


if __name__ == "__main__":
    run(main)
