"""Writes the SR network of a checkpoint for other programs, reads the file back and compares before it says done."""

import argparse

from cyclesr.cli.arguments import run


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="a .pth or .safetensors file that training wrote")
    parser.add_argument("out", help="the file to write; its ending is one of the format's")
    parser.add_argument(
        "--format",
        required=True,
        choices=("spandrel", "safetensors", "torchscript"),
        help="spandrel (.pth, .safetensors: for chaiNNer, ComfyUI ...), safetensors, or torchscript (.pt)",
    )
    return parser.parse_args()


def main() -> None:
    """Exports."""
    args = parse_arguments()
    from cyclesr.inference.export import export

    export(args.checkpoint, args.out, args.format)
    print(f"{args.out} written; read back, it gives the network's own output")


if __name__ == "__main__":
    run(main)
