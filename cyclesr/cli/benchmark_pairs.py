"""Train rows on real pairs, as if they had none, and say how far each comes from bicubic to true pairs (experiment).

cyclesr benchmark-pairs --pairs DIR --iterations 2000 --seeds 0 1 2
cyclesr benchmark-pairs --pairs DIR --hr-other PHOTOGRAPHS --rows bicubic sr_syn sr_paired cyclesr
cyclesr benchmark-pairs --pairs DIR --row blind=my_config.py model.translator.noise_channels=3

DIR holds the folders hr and lr with the two images of each pair, which every seed splits anew: HR of some scenes, LR
of others, held-out pairs. Or it is split already: hr, real, valid/lr, valid/hr, and hr_lr with the LR images of hr.
A finished row is not run again; a training that was stopped continues when the same command is given. The page
pairs.md, the crops side by side and the results as JSON are in the work dir.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cyclesr.cli.arguments import at_least, key_values, positive
from cyclesr.errors import UserError

if TYPE_CHECKING:
    from cyclesr.experiments.pairs.rows import PairRow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr benchmark-pairs``."""
    parser.add_argument("--pairs", type=Path, metavar="DIR", required=True, help="folder of real pairs")
    parser.add_argument("--scale", type=at_least(1), help="HR size / LR size (default: that of the first pair)")
    parser.add_argument(
        "--hr-other", type=Path, metavar="DIR", help="sharp images of another kind: also trains every row on them as HR"
    )
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="names, or all, see docs/pairs.md (default: seven)")
    parser.add_argument(
        "--row",
        nargs="+",
        action="append",
        default=[],
        metavar="NAME=CONFIG",
        help="a row of your own, and KEY=VALUE options over its config; can be repeated",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--iterations", type=at_least(1), help="steps of the SR network in every row (default: 2000)")
    length.add_argument("--minutes", type=positive, help="training time of every row, in place of --iterations")
    parser.add_argument("--seeds", type=at_least(0), nargs="+", default=[0])
    parser.add_argument(
        "--protocols", nargs="+", default=["plain", "cyclesr"], help="the first scores all (default: plain cyclesr)"
    )
    parser.add_argument(
        "--columns",
        nargs="*",
        metavar="COLUMN",
        help="scores beside PSNR and SSIM (default: lpips psnr_colour dists niqe, where their weights are)",
    )
    parser.add_argument("--lpips-weights", metavar="PATH", help="of AlexNet, file or folder (default: hub's cache)")
    parser.add_argument("--dists-weights", metavar="PATH", help="of VGG16, file or folder (default: hub's cache)")
    parser.add_argument("--perceptual-weights", metavar="PATH", help="of CycleSRGAN's VGG (default: hub's cache)")
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/pairs"), help="(default: work_dirs/pairs)")
    parser.set_defaults(main=main)


def own_row(words: list[str]) -> tuple[str, "PairRow"]:
    """Read ``["blind=my_config.py", "model.feedback_weight=0"]`` as a name and a row.

    Raises:
        UserError: the first word has no ``=``, or an option is not ``KEY=VALUE``.
    """
    from cyclesr.experiments.pairs.rows import PairRow

    name, equals, config = words[0].partition("=")
    if not (name and equals and config):
        raise UserError(f"--row begins with NAME=CONFIG; found {words[0]!r}.")
    return name, PairRow(name, config, key_values(words[1:]))


def main(args: argparse.Namespace) -> None:
    """Run what is missing, cell by cell; the page is rewritten after each."""
    from cyclesr.experiments.pairs.cells import PAIR_COLUMNS, PairBench
    from cyclesr.experiments.pairs.data import scale_of_pairs
    from cyclesr.experiments.pairs.rows import DEFAULT_ROWS, choose_rows
    from cyclesr.experiments.pairs.runs import check_rows, run_pairs

    own = dict(own_row(words) for words in args.row)
    bench = PairBench(
        pairs=args.pairs,
        scale=args.scale or scale_of_pairs(args.pairs),
        work_dir=args.work_dir,
        hr_other=args.hr_other,
        iterations=None if args.minutes else args.iterations or 2000,
        minutes=args.minutes,
        own_rows=own,
        protocols=tuple(args.protocols),
        columns=PAIR_COLUMNS if args.columns is None else tuple(args.columns),
        lpips_weights=args.lpips_weights,
        dists_weights=args.dists_weights,
        perceptual_weights=args.perceptual_weights,
    )
    names = choose_rows([*(args.rows or DEFAULT_ROWS), *own], bench.rows)
    bench.check()
    keys = bench.keys(names, args.seeds)
    check_rows(bench, keys)
    path = bench.work_dir / "pairs.md"
    left_out = run_pairs(bench, keys, path)
    print(*(f"not on the page: {sentence}" for sentence in left_out), f"written: {path}", sep="\n")
