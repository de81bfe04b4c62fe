"""Train and score rows of the paper's Tables 1, 3 and 4, and write pages with the paper's figures beside (experiment).

cyclesr benchmark-tables --table 1 --hr PHOTOGRAPHS --minutes 15 --seeds 0 1
cyclesr benchmark-tables --table pairings --tracks unknown --hr PHOTOGRAPHS
cyclesr benchmark-tables --table 3 --scale full

A finished row is not run again; a training that was stopped continues when the same command is given. A page holds all
results of its table that are in the work dir, those of earlier commands too. It is written there unless --out says
where.
"""

import argparse
from itertools import chain
from pathlib import Path

from cyclesr.cli.arguments import at_least, positive
from cyclesr.errors import UserError

TRACKS = ("unknown", "mild", "wild")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr benchmark-tables``."""
    parser.add_argument("--table", type=_table, nargs="+", required=True, choices=(1, 3, 4, "pairings"))
    parser.add_argument("--rows", nargs="+", help="rows of the table (default: all), see docs/tables.md")
    parser.add_argument("--scale", default="demo", choices=("demo", "full"), help="(default: demo)")
    parser.add_argument("--tracks", nargs="+", choices=TRACKS, help="(default: all; Table 3 has only unknown)")
    parser.add_argument("--seeds", type=at_least(0), nargs="+", default=[0])
    parser.add_argument("--hr", type=Path, metavar="DIR", help="demo scale: folder of at least five sharp photographs")
    parser.add_argument("--minutes", type=positive, default=15.0, help="demo scale: time per row (default: 15)")
    parser.add_argument("--iterations", type=at_least(1), help="demo scale: in place of --minutes, to repeat runs")
    parser.add_argument("--lpips-weights", metavar="PATH", help="of AlexNet, file or folder (default: hub's cache)")
    parser.add_argument("--perceptual-weights", metavar="PATH", help="of CycleSRGAN's VGG (default: hub's cache)")
    parser.add_argument("--configs", type=Path, metavar="DIR", help="folder of the configs (default: those of cyclesr)")
    parser.add_argument("--work-dir", type=Path, help="(default: work_dirs/tables_demo or work_dirs/tables_full)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="of the pages (default: the work dir)")
    parser.set_defaults(main=main)


def _table(word: str) -> int | str:
    return int(word) if word.isdigit() else word


def check_arguments(args: argparse.Namespace) -> None:
    """Check that the arguments fit together.

    Raises:
        UserError: photographs missing at demo scale or given at full scale, pairings at full scale, rows of several
            tables, or a file where the folder of the pages should be.
    """
    if args.rows and len(args.table) > 1:
        raise UserError("--rows belong to one table: give one --table.")
    if args.scale == "demo" and args.hr is None:
        raise UserError("--scale demo simulates its tracks from photographs: give their folder with --hr.")
    if args.scale == "full" and "pairings" in args.table:
        raise UserError("--table pairings is of --scale demo; at full scale write a config of the pair and train it.")
    if args.out and args.out.exists() and not args.out.is_dir():
        raise UserError(f"--out is the folder of the pages; {args.out} is a file.")
    if args.scale == "full" and args.hr:
        raise UserError("--hr is for --scale demo; at full scale the configs name the folders of DIV2K.")


def main(args: argparse.Namespace) -> None:
    """Run what is missing, cell by cell; the page is rewritten after each."""
    check_arguments(args)
    from cyclesr.config import configs_folder
    from cyclesr.experiments.table_cells import Bench
    from cyclesr.experiments.table_runs import check_weights, run_table
    from cyclesr.experiments.tables import keys_of

    bench = Bench(
        args.scale,
        args.work_dir or Path(f"work_dirs/tables_{args.scale}"),
        args.configs or configs_folder(),
        args.hr,
        args.minutes,
        args.iterations,
        args.lpips_weights,
        args.perceptual_weights,
    )
    keys = {table: keys_of(table, args.seeds, args.rows, args.tracks) for table in args.table}
    out = args.out or bench.work_dir
    out.mkdir(parents=True, exist_ok=True)
    bench.check()
    check_weights(bench, chain(*keys.values()))
    for table in keys:
        path = out / f"{f'table{table}' if isinstance(table, int) else table}_{args.scale}.md"
        left_out = run_table(bench, table, keys[table], path)
        print(*(f"not on the page: {sentence}" for sentence in left_out), f"written: {path}", sep="\n")
