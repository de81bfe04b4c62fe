"""Write the SR network of a checkpoint for other programs, and check that the file gives the same output.

A model card (.md) is written beside it: data, degradation, scores, settings and licence.

cyclesr export work_dirs/mine/sr_latest.safetensors mine.onnx --format onnx
cyclesr export work_dirs/mine/sr_latest.safetensors mine.pth --format spandrel
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr export``."""
    parser.add_argument("checkpoint", help="a .pth or .safetensors file that training wrote")
    parser.add_argument("out", help="the file to write; its ending is one of the format's")
    parser.add_argument(
        "--format",
        required=True,
        choices=("onnx", "spandrel", "safetensors", "torchscript"),
        help="onnx (.onnx), spandrel (.pth or .safetensors: for chaiNNer, ComfyUI), safetensors, or torchscript (.pt)",
    )
    parser.add_argument("--half", action="store_true", help="onnx: float16, including input and output")
    parser.add_argument("--opset", type=int, default=17, help="onnx: version of the operators, 16 to 20 (default: 17)")
    parser.add_argument("--license", metavar="NAME", help="of the weights, for the model card, such as CC-BY-4.0")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Export, and write a model card beside the file unless one is there."""
    from cyclesr.inference.export import export
    from cyclesr.inference.model_card import write_model_card

    compared = export(args.checkpoint, args.out, args.format, half=args.half, opset=args.opset)
    print(f"{args.out} written: {compared}")
    card = Path(args.out).with_suffix(".md")
    written = write_model_card(args.checkpoint, card, args.license)
    print(f"{card} describes it." if written else f"{card} was kept; remove it for a new model card.")
