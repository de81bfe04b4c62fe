"""Prepare data: download DIV2K, simulate tracks, lay out the demo, check folders, align pairs, find the protocol."""

import argparse

from cyclesr.cli.commands import Command, add_commands
from cyclesr.cli.prepare import align, calibrate, check, demo, div2k, track

COMMANDS: dict[str, Command] = {
    "check": check,
    "demo": demo,
    "track": track,
    "div2k": div2k,
    "align": align,
    "calibrate": calibrate,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``cyclesr prepare``."""
    add_commands(parser, COMMANDS)
