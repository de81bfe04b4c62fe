"""Turn published weights of an SR network into a .safetensors file that inference and training can start from.

cyclesr import IMDN_x4.pth imdn.safetensors type=IMDN scale=4
"""

import argparse

from cyclesr.cli.arguments import key_values


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr import``."""
    parser.add_argument("weights", help="a .pth, .pt or .safetensors file of weights")
    parser.add_argument("out", help="the .safetensors file to write")
    parser.add_argument("network", nargs="+", metavar="KEY=VALUE", help="the network: its type, scale and sizes")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Write the file."""
    from cyclesr.checkpoints.public_weights import import_file

    import_file(args.weights, key_values(args.network), args.out)
    print(f"{args.out} written")
