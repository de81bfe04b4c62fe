"""Prepare data: check folders, simulate tracks, lay out the demo, download DIV2K, align pairs, find the protocol."""

import argparse

from cyclesr.cli.commands import Command, add_commands

COMMANDS = {
    "check": Command("cyclesr.cli.prepare.check", "look for what would stop a training"),
    "demo": Command("cyclesr.cli.prepare.demo", "lay out the photographs of scikit-image and scikit-learn"),
    "track": Command("cyclesr.cli.prepare.track", "simulate a challenge track from a folder of HR images"),
    "div2k": Command("cyclesr.cli.prepare.div2k", "download and unpack DIV2K (academic use) and its tracks"),
    "align": Command("cyclesr.cli.prepare.align", "move HR images onto their LR images, for training on pairs"),
    "calibrate": Command("cyclesr.cli.prepare.calibrate", "score bicubic under every protocol beside the paper"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``cyclesr prepare``."""
    add_commands(parser, COMMANDS)
