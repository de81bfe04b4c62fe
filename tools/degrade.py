"""Writes real-looking LR images for every HR image, with the translator of a training checkpoint.

The result trains any SR network: pairs of LR and HR images of the same name.
"""

import argparse
import sys

from cyclesr.cli.arguments import at_least, run


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="a .pth file that a training of CollaborativeSR wrote")
    parser.add_argument("hr", help="folder of HR images")
    parser.add_argument("out", help="folder for the LR images: 8-bit .png of the same names")
    parser.add_argument("--draws", type=at_least(1), default=1, help="LR images of each HR, in OUT/draw1, draw2 ...")
    parser.add_argument("--seed", type=at_least(0), default=0, help="of the noise (default: 0)")
    parser.add_argument(
        "--hr-out", metavar="DIR", help="also writes the HR images, 8-bit, cut to multiples of the scale"
    )
    parser.add_argument("--tile", default="auto", help="side of a tile in LR pixels, 'auto' or 'none' (default: auto)")
    parser.add_argument("--overlap", type=at_least(0), default=32, help="LR pixels that tiles share (default: 32)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:<number> (default: auto)")
    return parser.parse_args()


def main() -> None:
    """Degrades; images that fail are named at the end."""
    args = parse_arguments()
    from cyclesr.errors import UserError
    from cyclesr.inference.degrade import degrade_folder

    report, larger = degrade_folder(
        args.checkpoint,
        args.hr,
        args.out,
        draws=args.draws,
        seed=args.seed,
        hr_out=args.hr_out,
        tile=None if args.tile == "none" else int(args.tile) if args.tile.isdigit() else args.tile,
        overlap=args.overlap,
        device=args.device,
    )
    print(f"{len(report.written)} LR images written to {args.out}")
    if larger and not args.hr_out:
        print(
            f"{len(larger)} HR images are no multiple of the scale ({larger[0].name}): the surplus at the bottom and "
            "right has no LR pixel. --hr-out DIR writes them cut, for tools that want exact sizes."
        )
    if report.failed:
        print(*report.failed, sep="\n", file=sys.stderr)
        raise UserError(f"{len(report.failed)} of {len(report.failed) + len(report.written)} images failed; see above.")


if __name__ == "__main__":
    run(main)
