"""Scores a checkpoint, bicubic, or a folder of images under an evaluation protocol.

python tools/test.py CONFIG CHECKPOINT --out results.json
python tools/test.py CONFIG bicubic --protocol ntire17
python tools/test.py --images DIR --hr DIR --protocol classic_y
"""

import argparse

from cyclesr.cli.arguments import at_least, key_values, run
from cyclesr.errors import UserError


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", nargs="?", help="config file; its test set is scored")
    parser.add_argument("checkpoint", nargs="?", help="a .pth file that training wrote, or the word 'bicubic'")
    parser.add_argument("--images", help="folder of SR images made by anyone, scored without config and checkpoint")
    parser.add_argument("--hr", help="folder of the HR images that belong to --images")
    parser.add_argument("--scale", type=at_least(1), help="at which --images were made (default: 4)")
    parser.add_argument(
        "--protocol", help="name of a protocol, see docs/evaluation.md (default: the config's, or plain)"
    )
    parser.add_argument("--out", help="results.json; a .csv and a .md are written beside it")
    parser.add_argument("--save-images", metavar="DIR", help="folder for the SR images")
    parser.add_argument("--lpips", help="network of LPIPS: alex, vgg or squeeze (default: where the protocol has it)")
    parser.add_argument("--lpips-weights", metavar="PATH", help="file or folder (default: torch hub's cache)")
    parser.add_argument("--subpixel", action="store_true", help="with a shift search: also the column psnr_subpixel")
    parser.add_argument(
        "--device", default="auto", help="of network and LPIPS: auto, cpu, cuda or cuda:<number> (default: auto)"
    )
    parser.add_argument(
        "--cfg-options", nargs="+", default=[], metavar="KEY=VALUE", help="e.g. test_dataloader.dataset.lr=DIR"
    )
    return parser.parse_args()


def check_arguments(args: argparse.Namespace) -> None:
    """Raises UserError unless there is either a config with a checkpoint, or two folders without config options."""
    folders = [args.images, args.hr]
    from_config = [args.config, args.checkpoint]
    if not ((all(folders) and not any(from_config)) or (all(from_config) and not any(folders))):
        raise UserError("Give CONFIG and CHECKPOINT (or 'bicubic'), or else --images DIR and --hr DIR.")
    if args.images and args.cfg_options:
        raise UserError("--cfg-options change a CONFIG, and --images are scored without one: leave them out.")


def main() -> None:
    """Scores, prints the row, writes the files."""
    args = parse_arguments()
    check_arguments(args)
    from cyclesr.inference.evaluate import Settings, evaluate_config, evaluate_folder
    from cyclesr.inference.evaluation_report import check_place, markdown, write_results

    if args.out:
        check_place(args.out)
    settings = Settings(args.protocol, args.lpips, args.lpips_weights, args.subpixel, args.save_images, args.device)
    if args.images:
        results = evaluate_folder(args.images, args.hr, settings, args.scale or 4)
    else:
        results = evaluate_config(args.config, args.checkpoint, settings, key_values(args.cfg_options), args.scale)
    print(markdown(results), end="")
    if args.out:
        print("written:", *write_results(results, args.out))


if __name__ == "__main__":
    run(main)
