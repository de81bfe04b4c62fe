"""Super-resolve images with the network of a checkpoint.

cyclesr infer work_dirs/mine/sr_latest.safetensors photo.jpg -o photo_x4.png
cyclesr infer CHECKPOINT photos/ -o upscaled/
cyclesr infer CHECKPOINT photos/ -o upscaled/ --compare
torchrun --nproc_per_node=4 -m cyclesr infer CHECKPOINT photos/ -o upscaled/

With --compare, a page is written on which the results are compared with bicubic enlargement at a movable border.
"""

import argparse
import sys
from pathlib import Path

from cyclesr.cli.arguments import add_skip_existing, add_tiles, at_least, number_or_word
from cyclesr.errors import UserError

COMPARE = "compare.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr infer``."""
    parser.add_argument(
        "checkpoint", help="a .safetensors or .pth file that training wrote, or weights that spandrel recognises"
    )
    parser.add_argument("input", help="an image, a folder of images, or a quoted glob such as 'photos/*.jpg'")
    parser.add_argument("-o", "--out", required=True, help="a folder (results keep their names, as .png) or one file")
    add_tiles(parser)
    parser.add_argument(
        "--batch", type=number_or_word, default="auto", help="tiles computed at once, or 'auto' (default: auto)"
    )
    add_skip_existing(parser)
    precision = parser.add_mutually_exclusive_group()
    precision.add_argument("--bf16", action="store_true", help="compute in bfloat16")
    precision.add_argument("--half", action="store_true", help="compute in float16 (GPU only)")
    parser.add_argument("--ensemble", action="store_true", help="mean over 8 flips and turns: better, 8 times the time")
    parser.add_argument("--workers", type=at_least(0), default=2, help="threads to read, and to write (default: 2)")
    parser.add_argument(
        "--compare",
        nargs="?",
        const=Path(COMPARE),
        type=Path,
        metavar="FILE.html",
        help=f"also write a page of bicubic and SR images (default: {COMPARE} in OUT, or beside it if it is a file)",
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Super-resolve; images that fail are named at the end."""
    import torch

    from cyclesr.inference.files import infer
    from cyclesr.inference.ranks import ranks_of_torchrun

    with ranks_of_torchrun() as ranks:
        report = infer(
            args.checkpoint,
            args.input,
            args.out,
            tile=args.tile,
            overlap=args.overlap,
            dtype=torch.bfloat16 if args.bf16 else torch.float16 if args.half else None,
            ensemble=args.ensemble,
            batch=args.batch,
            device=args.device,
            workers=args.workers,
            skip_existing=args.skip_existing,
            ranks=ranks,
            compare=(page := _page(args)),
        )
    if ranks.number:
        return  # the first process speaks for all
    print(report.summary("image", args.out))
    if page:
        print("written:", page)
    print(*report.notes, sep="\n", end="\n" * bool(report.notes))
    if report.failed:
        print(*report.failed, sep="\n", file=sys.stderr)
        raise UserError(f"{len(report.failed)} of {len(report.failed) + len(report.written)} images failed; see above.")


def _page(args: argparse.Namespace) -> Path | None:
    """Return the path of the page: in the folder of the results, unless another is given."""
    if args.compare != Path(COMPARE):
        return args.compare
    out = Path(args.out)
    return (out.parent if out.suffix and not out.is_dir() else out) / COMPARE
