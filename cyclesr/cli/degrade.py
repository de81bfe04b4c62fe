"""Write real-looking LR images for a folder of HR images, with the translator of a training checkpoint.

The LR and HR images of one name are pairs, on which any SR network can be trained.

cyclesr degrade work_dirs/mine/iter_4000.pth sharp/ sharp_as_mine/
"""

import argparse
import sys

from cyclesr.cli.arguments import add_skip_existing, add_tiles, at_least
from cyclesr.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr degrade``."""
    parser.add_argument("checkpoint", help="a .pth file that a training of CollaborativeSR wrote")
    parser.add_argument("hr", help="folder of HR images")
    parser.add_argument("out", help="folder for the LR images: 8-bit .png of the same names")
    parser.add_argument("--draws", type=at_least(1), default=1, help="LR images per HR image, in OUT/draw1, draw2 ...")
    parser.add_argument("--seed", type=at_least(0), default=0, help="of the noise (default: 0)")
    parser.add_argument(
        "--hr-out", metavar="DIR", help="also writes the HR images, 8-bit, cut to multiples of the scale"
    )
    parser.add_argument(
        "--meta-info", metavar="FILE", help="also lists the HR images of --hr-out, as BasicSR's meta_info_file"
    )
    add_tiles(parser)
    add_skip_existing(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Degrade; images that fail are named at the end."""
    from cyclesr.inference.degrade import degrade_folder
    from cyclesr.inference.ranks import ranks_of_torchrun

    with ranks_of_torchrun() as ranks:
        report, larger = degrade_folder(
            args.checkpoint,
            args.hr,
            args.out,
            draws=args.draws,
            seed=args.seed,
            hr_out=args.hr_out,
            meta_info=args.meta_info,
            tile=args.tile,
            overlap=args.overlap,
            device=args.device,
            skip_existing=args.skip_existing,
            ranks=ranks,
        )
    if ranks.number:
        return  # the first process speaks for all
    print(report.summary("LR image", args.out))
    if larger and not args.hr_out:
        print(
            f"The sides of {len(larger)} HR images are no multiples of the scale ({larger[0].name}): the surplus at "
            "the bottom and right has no LR pixel. --hr-out DIR writes them cut, for programs that want exact sizes."
        )
    print(*report.notes, sep="\n", end="\n" * bool(report.notes))
    if report.failed:
        print(*report.failed, sep="\n", file=sys.stderr)
        raise UserError(f"{len(report.failed)} of {len(report.failed) + len(report.written)} images failed; see above.")
