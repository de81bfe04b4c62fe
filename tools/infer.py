"""Super-resolves images with the network of a checkpoint."""

import argparse
import sys

from cyclesr.cli.arguments import at_least, run


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="a .safetensors or .pth file that training wrote; nothing else is needed")
    parser.add_argument("input", help="an image, a folder of images, or a quoted glob such as 'photos/*.jpg'")
    parser.add_argument("-o", "--out", required=True, help="a folder (results keep their names, as .png) or one file")
    parser.add_argument("--tile", default="auto", help="side of a tile in LR pixels, 'auto' or 'none' (default: auto)")
    parser.add_argument("--overlap", type=at_least(0), default=32, help="LR pixels that tiles share (default: 32)")
    precision = parser.add_mutually_exclusive_group()
    precision.add_argument("--bf16", action="store_true", help="compute in bfloat16")
    precision.add_argument("--half", action="store_true", help="compute in float16 (GPU only)")
    parser.add_argument("--ensemble", action="store_true", help="mean over 8 flips and turns: better, 8 times the time")
    parser.add_argument("--workers", type=at_least(0), default=2, help="threads to read, and to write (default: 2)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:<number> (default: auto)")
    return parser.parse_args()


def main() -> None:
    """Super-resolves; images that fail are named at the end."""
    args = parse_arguments()
    import torch

    from cyclesr.errors import UserError
    from cyclesr.inference.files import infer

    report = infer(
        args.checkpoint,
        args.input,
        args.out,
        tile=None if args.tile == "none" else int(args.tile) if args.tile.isdigit() else args.tile,
        overlap=args.overlap,
        dtype=torch.bfloat16 if args.bf16 else torch.float16 if args.half else None,
        ensemble=args.ensemble,
        device=args.device,
        workers=args.workers,
    )
    count = len(report.written)
    print(f"{count} image{'s' * (count != 1)} written to {args.out}")
    if report.failed:
        print(*report.failed, sep="\n", file=sys.stderr)
        raise UserError(f"{len(report.failed)} of {len(report.failed) + len(report.written)} images failed; see above.")


if __name__ == "__main__":
    run(main)
