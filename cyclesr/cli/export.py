"""Write the SR network of a checkpoint for other programs, and check that the file gives the same output.

cyclesr export work_dirs/mine/sr_latest.safetensors mine.pth --format spandrel
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr export``."""
    parser.add_argument("checkpoint", help="a .pth or .safetensors file that training wrote")
    parser.add_argument("out", help="the file to write; its ending is one of the format's")
    parser.add_argument(
        "--format",
        required=True,
        choices=("spandrel", "safetensors", "torchscript"),
        help="spandrel (.pth, .safetensors: for chaiNNer, ComfyUI ...), safetensors, or torchscript (.pt)",
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Export."""
    from cyclesr.inference.export import export

    export(args.checkpoint, args.out, args.format)
    print(f"{args.out} written; read back, it gives the network's own output")
