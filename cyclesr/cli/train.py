"""Train an SR network from unpaired images: your own, or as a config describes.

cyclesr train --hr sharp/ --real mine/
cyclesr train own_images/blur_noise --hr sharp/ --real mine/ --scale 2 --iterations 5000
cyclesr train --recipe perceptual --sr-weights 2x_pretrained.pth --hr sharp/ --real mine/
torchrun --nproc_per_node=4 -m cyclesr train unitsr_ntire18_t4 --launcher pytorch

Without a config, your images are measured, and what to train is chosen from that and for this machine. After a training
with --hr and --real, the network is compared with bicubic on your images. Every training ends with a report.
"""

import argparse
import shlex
from pathlib import Path
from typing import Any

from cyclesr.cli.arguments import add_config, add_config_options, add_held_out, at_least, held_out, key_values
from cyclesr.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr train``."""
    add_config(parser, required=False)
    parser.add_argument("--hr", metavar="DIR", help="sharp images; with --real")
    parser.add_argument(
        "--real", metavar="DIR", help="your LR images, unrelated to those of --hr; no validation without --val-hr"
    )
    add_held_out(parser, "for validation")
    parser.add_argument(
        "--iterations", type=at_least(1), help="of the training (default: what the config says, or chosen)"
    )
    parser.add_argument(
        "--recipe",
        choices=("fidelity", "perceptual"),
        help="what is chosen without a config: true to the pixels, or sharp (default: fidelity)",
    )
    parser.add_argument(
        "--sr-weights",
        metavar="FILE",
        help="pretrained weights to start from, of cyclesr or of any network that spandrel knows, which becomes the SR "
        "network",
    )
    parser.add_argument(
        "--work-dir", help="where checkpoints and logs go (default: work_dirs/<name of the config, or of the images>)"
    )
    parser.add_argument("--resume", action="store_true", help="continue from the newest checkpoint in the work dir")
    parser.add_argument(
        "--amp",
        nargs="?",
        const="auto",
        choices=("none", "bf16", "fp16", "auto"),
        help="mixed precision; 'auto' takes bfloat16 where the hardware has it (default: what the config says)",
    )
    parser.add_argument("--seed", type=at_least(0), help="random seed of weights, data order and augmentation")
    parser.add_argument(
        "--deterministic", action="store_true", help="the same bits every time on GPUs too, which is slower"
    )
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    add_config_options(parser, "e.g. model.sr.type=SRResNet train_cfg.max_iters=100")
    parser.add_argument("--launcher", default="none", choices=("none", "pytorch", "slurm", "mpi"))
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Train, write the report, and say where the SR network is; on one's own images also whether it beats bicubic."""
    if (args.hr is None) != (args.real is None):
        raise UserError("--hr and --real go together: a folder of sharp images and a folder of yours.")
    if args.recipe and args.config:
        raise UserError("--recipe chooses a config: give either it or a config, such as own_images/perceptual.")
    pairs, options = held_out(args), key_values(args.cfg_options)
    if args.config and not args.sr_weights:  # whose network replaces that of the config
        _check_early(args, options, pairs)
    from cyclesr.engine.conclusion import conclude
    from cyclesr.engine.launch import train
    from cyclesr.inference.model_card import write_model_card

    runner = train(
        args.config,
        work_dir=args.work_dir,
        resume=args.resume,
        amp=args.amp,
        seed=args.seed,
        device=args.device,
        options=options,
        launcher=args.launcher,
        folders=(args.hr, args.real) if args.hr else None,
        held_out=pairs,
        scale=args.scale,
        iterations=args.iterations,
        sr_weights=args.sr_weights,
        recipe=args.recipe or "fidelity",
        refuse_used=True,
        deterministic=args.deterministic,
    )
    network = Path(runner.cfg.work_dir) / "sr_latest.safetensors"
    if runner.rank == 0 and network.is_file():
        print(f"Comparing {network} with bicubic for the report ...", flush=True)
        print(*conclude(runner.cfg.work_dir, verdict=args.hr is not None or args.config is None), sep="\n")
        write_model_card(network, network.with_suffix(".md"), replace=True)
        print(f"The SR network is {network}. Next: cyclesr infer {shlex.quote(str(network))} IMAGES -o OUT")


def _check_early(args: argparse.Namespace, options: dict[str, Any], pairs: tuple[str, str] | None) -> None:
    """Look for mistakes in the config before torch and the networks are imported, which takes seconds."""
    from cyclesr.config import check_config, load_config, train_on, validate_on

    config = load_config(args.config, options, args.scale)
    if pairs is not None:
        validate_on(config, *pairs)
    if args.hr:
        train_on(config, args.hr, args.real, validates=pairs is not None)
    check_config(config)
