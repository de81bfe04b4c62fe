"""Download and unpack DIV2K (academic use) and its challenge tracks.

cyclesr prepare div2k
cyclesr prepare div2k --archives DIR     # the same from .zip files at hand
"""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cyclesr.cli.arguments import at_least

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr prepare div2k``."""
    parser.add_argument("--out", type=Path, default=Path("data/DIV2K"))
    parser.add_argument("--tracks", nargs="+", default=["ntire17_t2", "ntire18_t2", "ntire18_t4"])
    parser.add_argument("--scale", type=at_least(1), default=4, help="of ntire17_t2; the others exist at 4 only")
    parser.add_argument("--archives", type=Path, help="folder of .zip files that you have: nothing is downloaded")
    parser.add_argument("--address", help="another server")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Download (or take) each archive and unpack it."""
    from rich.progress import Progress

    from cyclesr.datasets.div2k import ADDRESS, MD5, archives, folder_of, unpack
    from cyclesr.datasets.download import check_md5, download

    with Progress() as bars:
        for name in archives(args.tracks, args.scale):
            archive = (args.archives or args.out / "archives") / f"{name}.zip"
            if args.archives is None:
                bar = bars.add_task(archive.name, total=None)
                url = f"{(args.address or ADDRESS).rstrip('/')}/{archive.name}"
                download(url, archive, MD5[name], partial(_advance, bars, bar))
            elif archive.exists():
                check_md5(archive, MD5[name])
            watch = partial(bars.track, description=f"unpacking {archive.name}")
            count = unpack(archive, args.out / folder_of(name), watch)
            bars.console.print(f"{args.out / folder_of(name)}: {count} images")


def _advance(bars: "Progress", bar: "TaskID", done: int, total: int | None) -> None:
    bars.update(bar, completed=done, total=total)
