"""Turns published weights of an SR network into a .safetensors file, which inference and training can begin with.

For example: python tools/import_weights.py IMDN_x4.pth imdn.safetensors type=IMDN scale=4
"""

import argparse

from cyclesr.cli.arguments import key_values, run


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", help="a .pth, .pt or .safetensors file of weights")
    parser.add_argument("out", help="the .safetensors file to write")
    parser.add_argument("network", nargs="+", metavar="KEY=VALUE", help="the network: its type, scale and sizes")
    return parser.parse_args()


def main() -> None:
    """Writes the file."""
    args = parse_arguments()
    from cyclesr.checkpoints.public_weights import import_file

    import_file(args.weights, key_values(args.network), args.out)
    print(f"{args.out} written")


if __name__ == "__main__":
    run(main)
