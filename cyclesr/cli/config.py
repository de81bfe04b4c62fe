"""Print a config as it is used: with its bases, your options, and the scale of each part.

cyclesr config unitsr_ntire18_t4
cyclesr config own_images/blur_noise --scale 2 --cfg-options model.sr="{'_delete_': True, 'type': 'RCAN'}"
"""

import argparse

from cyclesr.cli.arguments import add_config, add_config_options, key_values


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr config``."""
    add_config(parser)
    add_config_options(parser, "e.g. model.sr.type=SRResNet")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Print the config, then check it.

    Raises:
        UserError: no such config, or a mistake in it; it is printed all the same if it can be read.
    """
    from cyclesr.config import check_config, load_config

    config = load_config(args.config, key_values(args.cfg_options), args.scale)
    print(config.pretty_text)
    check_config(config)
