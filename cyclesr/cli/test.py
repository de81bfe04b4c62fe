"""Score a checkpoint, bicubic, or a folder of images under an evaluation protocol.

cyclesr test CONFIG CHECKPOINT --out results.json
cyclesr test CONFIG bicubic --protocol ntire17
cyclesr test --images DIR --hr DIR --protocol classic_y
"""

import argparse
import sys

from cyclesr.cli.arguments import add_config_options, add_held_out, at_least, held_out, key_values
from cyclesr.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr test``."""
    parser.add_argument("config", nargs="?", help="name or path of a config; its test set is scored")
    parser.add_argument("checkpoint", nargs="?", help="a .pth file that training wrote, or the word 'bicubic'")
    parser.add_argument("--images", help="folder of SR images made by any method, scored without config and checkpoint")
    parser.add_argument("--hr", help="folder of the HR images that belong to --images")
    add_held_out(parser, "that replace the config's test set")
    parser.add_argument("--scale", type=at_least(1), help="of HR to LR (default: the config's; 4 for --images)")
    parser.add_argument(
        "--protocol", help="name of a protocol, see docs/evaluation.md (default: the config's, or plain)"
    )
    parser.add_argument("--out", help="results.json; a .csv and a .md are written beside it")
    parser.add_argument("--save-images", metavar="DIR", help="folder for the SR images")
    parser.add_argument("--lpips", help="network of LPIPS: alex, vgg or squeeze (default: where the protocol has it)")
    parser.add_argument("--lpips-weights", metavar="PATH", help="file or folder (default: torch hub's cache)")
    parser.add_argument("--columns", nargs="+", default=[], help="also score psnr_colour, dists or niqe")
    parser.add_argument("--dists-weights", metavar="PATH", help="of VGG16, file or folder (default: torch hub's cache)")
    parser.add_argument("--subpixel", action="store_true", help="with a shift search: also the column psnr_subpixel")
    parser.add_argument(
        "--device", default="auto", help="of network, LPIPS and DISTS: auto, cpu, cuda or cuda:<number> (default: auto)"
    )
    add_config_options(parser, "e.g. test_dataloader.dataset.lr=DIR")
    parser.set_defaults(main=main)


def check_arguments(args: argparse.Namespace) -> None:
    """Check that there is either a config with a checkpoint, or two folders without config options.

    Raises:
        UserError: neither, or both.
    """
    folders = [args.images, args.hr]
    from_config = [args.config, args.checkpoint]
    if not ((all(folders) and not any(from_config)) or (all(from_config) and not any(folders))):
        raise UserError("Give CONFIG and CHECKPOINT (or 'bicubic'), or else --images DIR and --hr DIR.")
    if args.images and (args.cfg_options or args.val_hr or args.val_lr):
        raise UserError("--cfg-options, --val-hr and --val-lr change a CONFIG; --images are scored without one.")


def main(args: argparse.Namespace) -> None:
    """Score, print the row, write the files."""
    check_arguments(args)
    pairs, options = held_out(args), key_values(args.cfg_options)
    from cyclesr.inference.evaluate import Settings, evaluate_config, evaluate_folder
    from cyclesr.inference.evaluation_report import check_place, markdown, write_results

    if args.out:
        check_place(args.out)
    settings = Settings(
        protocol=args.protocol,
        lpips=args.lpips,
        lpips_weights=args.lpips_weights,
        subpixel=args.subpixel,
        save_images=args.save_images,
        device=args.device,
        columns=tuple(args.columns),
        dists_weights=args.dists_weights,
    )
    if args.images:
        results = evaluate_folder(args.images, args.hr, settings, args.scale or 4)
    else:
        results = evaluate_config(args.config, args.checkpoint, settings, options, args.scale, pairs)
    print(markdown(results), end="")
    if args.out:
        print("written:", *write_results(results, args.out))
    if results.failed:
        print(*results.failed, sep="\n", file=sys.stderr)
        count = len(results.failed) + len(results.per_image)
        raise UserError(f"{len(results.failed)} of {count} images could not be scored; see above.")
