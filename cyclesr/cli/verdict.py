"""Compare a network with bicubic interpolation on real LR images, without ground truth.

cyclesr verdict work_dirs/mine/sr_latest.safetensors photos/
cyclesr verdict NETWORK IMAGES_DIR --out verdict.json --page verdict.html

Sharpness, consistency with the LR images, noise in flat areas, overshoot at edges, shift of colour or brightness, JPEG
blocks and NIQE, each beside bicubic's, and in words what is wrong and what to do. The page shows all images, bicubic
beside SR.
"""

import argparse
import json
from pathlib import Path

from cyclesr.cli.arguments import at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr verdict``."""
    parser.add_argument("network", help="a .safetensors or .pth file that training wrote")
    parser.add_argument("images", help="folder of real LR images (or one image, or a quoted glob)")
    parser.add_argument("--most", type=at_least(1), default=20, help="images, evenly spread (default: 20)")
    parser.add_argument("--crop", type=at_least(48), default=320, help="side of the crops, LR pixels (default: 320)")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="also write all values, per image")
    parser.add_argument("--page", type=Path, metavar="FILE.html", help="also write a page; judges and shows all images")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:<number> (default: auto)")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Judge, print, write the files."""
    from cyclesr.atomic_write import write_whole_text
    from cyclesr.checkpoints.sr_network import load_sr
    from cyclesr.inference.files import choose_device, find_inputs
    from cyclesr.inference.verdict import judge, verdict_rows
    from cyclesr.inference.verdict_page import VerdictPage
    from cyclesr.text_tables import aligned_columns

    device = choose_device(args.device)
    network, scale = load_sr(args.network, device)
    paths = find_inputs(args.images)
    page = VerdictPage(f"{Path(args.images).name}: bicubic and {Path(args.network).name}") if args.page else None
    verdict = judge(
        network,
        paths,
        scale,
        device=device,
        most=len(paths) if page else args.most,
        crop=args.crop,
        show=page.add if page else None,
        skip=lambda error: print(f"passed over: {error}"),
    )
    head, *rows = verdict_rows(verdict)
    print(aligned_columns(head, rows), "", *verdict.lines(), sep="\n")
    if args.out:
        write_whole_text(args.out, json.dumps(verdict.to_dict(), indent=1))
        print("written:", args.out)
    if page:
        write_whole_text(args.page, page.html(verdict))
        print("written:", args.page)
