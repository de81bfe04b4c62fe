"""Prepares data: DIV2K, simulated tracks, the demo's photographs; checks folders, aligns pairs, finds the protocol."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclesr.cli.arguments import at_least, positive, run
from cyclesr.errors import UserError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from cyclesr.datasets.inspection import FolderReport


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    div2k = commands.add_parser("div2k", help="download and unpack DIV2K (academic use) and its challenge tracks")
    div2k.add_argument("--out", type=Path, default=Path("data/DIV2K"))
    div2k.add_argument("--tracks", nargs="+", default=["ntire17_t2", "ntire18_t2", "ntire18_t4"])
    div2k.add_argument("--scale", type=at_least(1), default=4, help="of ntire17_t2; the others exist at 4 only")
    div2k.add_argument("--archives", type=Path, help="folder of .zip files that you have: nothing is downloaded")
    div2k.add_argument("--address", help="another server")
    div2k.set_defaults(work=prepare_div2k)

    track = commands.add_parser("track", help="make a simulated challenge track from a folder of HR images")
    track.add_argument("--hr", type=Path, required=True)
    track.add_argument("--track", required=True, choices=("unknown", "mild", "wild"))
    track.add_argument("--out", type=Path, required=True)
    track.add_argument("--scale", type=at_least(1), default=4)
    track.add_argument("--seed", type=at_least(0), default=0)
    track.add_argument("--numbers", type=int, nargs=2, metavar=("FIRST", "LAST"), help="of the HR file names")
    track.add_argument("--variants", type=at_least(1), default=4, help="LR images of each HR of 'wild'; 1 to validate")
    for name in ("sigma-x", "sigma-y"):
        track.add_argument(f"--{name}", type=positive, help="of the blur, HR pixels, instead of a drawn one")
    track.add_argument("--angle", type=float, help="of the blur, degrees, instead of a drawn one")
    track.add_argument("--shot", type=positive, help="noise variance of white in [0, 1], in place of the track's")
    track.set_defaults(work=prepare_track)

    demo = commands.add_parser("demo", help="lay out the photographs of scikit-image and scikit-learn")
    demo.add_argument("--out", type=Path, help="default: data/demo_seed<seed>, which the configs read for seed 0")
    demo.add_argument("--seed", type=at_least(0), default=0, help="of the angle of the hidden blur")
    demo.set_defaults(work=prepare_demo)

    check = commands.add_parser("check", help="look for what would stop a training")
    check.add_argument("--hr", type=Path, help="HR folder")
    check.add_argument("--real", type=Path, help="folder of real LR images, unpaired")
    check.add_argument("--lr", type=Path, help="folder of LR images that pair with --hr")
    check.add_argument("--scale", type=at_least(1), default=4)
    check.add_argument("--crop", type=at_least(1), default=1, help="LR crop of the training, pixels; HR: times scale")
    check.set_defaults(work=check_folders)

    align = commands.add_parser("align", help="move HR images onto their LR images, for training on pairs")
    align.add_argument("--lr", type=Path, required=True)
    align.add_argument("--hr", type=Path, required=True)
    align.add_argument("--out", type=Path, required=True, help="gets lr/, hr/ and alignment.json")
    align.add_argument("--scale", type=at_least(1), default=4)
    align.add_argument(
        "--max-shift", type=at_least(1), default=40, help="HR pixels; else a pair is dropped (default: 40)"
    )
    align.add_argument("--min-correlation", type=float, default=0.9, help="a pair below is dropped (default: 0.9)")
    align.add_argument("--max-residual", type=positive, default=0.25, help="HR pixels left after it (default: 0.25)")
    align.add_argument("--workers", type=at_least(1), default=1, help="processes")
    align.set_defaults(work=align_pairs)

    calibrate = commands.add_parser("calibrate", help="bicubic under every protocol beside the paper's figures")
    calibrate.add_argument("--data", type=Path, default=Path("data/DIV2K"), help="with DIV2K_valid_HR and tracks")
    calibrate.add_argument("--out", type=Path, default=Path("calibration.json"), help="a .md is written beside it")
    calibrate.add_argument("--protocols", nargs="+", help="default: all, on RGB and on Y")
    calibrate.add_argument("--bicubics", nargs="+", default=["matlab"], help="of matlab, pil, cv2")
    calibrate.add_argument("--images", type=at_least(1), help="the first so many of each track (default: all)")
    calibrate.add_argument("--lpips-weights", metavar="PATH", help="file or folder (default: torch hub's cache)")
    calibrate.add_argument("--workers", type=at_least(1), default=1, help="processes")
    calibrate.set_defaults(work=calibrate_protocols)
    return parser.parse_args()


def prepare_div2k(args: argparse.Namespace) -> None:
    """Downloads (or takes) each archive and unpacks it."""
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


def prepare_track(args: argparse.Namespace) -> None:
    """Makes the LR images and the manifest."""
    from cyclesr.datasets.simulation import make_track

    given = dict(sigma_x=args.sigma_x, sigma_y=args.sigma_y, angle=args.angle)
    blur = {key: value for key, value in given.items() if value is not None}
    numbers = tuple(args.numbers) if args.numbers else None
    make_track(
        args.hr,
        args.out,
        args.track,
        args.scale,
        args.seed,
        numbers=numbers,
        variants=args.variants,
        blur=blur,
        shot=args.shot,
        watch=_bar(f"track {args.track}"),
    )
    print(f"{args.out}: LR images, and manifest.json (the truth, for analysis only)")


def prepare_demo(args: argparse.Namespace) -> None:
    """Lays out the demo."""
    from cyclesr.datasets.tracks import make_demo

    folders = make_demo(args.out or Path(f"data/demo_seed{args.seed}"), args.seed)
    for name in ("hr", "real", "valid_hr", "valid_lr", "hidden_lr"):
        print(f"{name:10} {folders[name]}")


def check_folders(args: argparse.Namespace) -> None:
    """Prints a table, what was passed over, and every problem."""
    from cyclesr.datasets.inspection import inspect_folder, inspect_pairs, look_swapped

    smallest = dict(hr=args.crop * args.scale, real=args.crop, lr=args.crop)
    folders = {name: getattr(args, name) for name in smallest if getattr(args, name)}
    if not folders:
        raise UserError("Nothing to check: give --hr, --real or --lr.")
    reports = {name: inspect_folder(path, smallest[name], _bar(name)) for name, path in folders.items()}
    _print_table(reports)
    for name, report in reports.items():
        if report.passed_over:
            print(f"{name}: passed over: {', '.join(report.passed_over)}")
    if {"real", "hr"} <= reports.keys() and look_swapped(reports["real"], reports["hr"]):
        print("warning: the real images are as large as the HR images, or larger: are --hr and --real swapped?")
    problems = [problem for report in reports.values() for problem in report.problems]
    if {"lr", "hr"} <= reports.keys():
        problems += inspect_pairs(reports["lr"], reports["hr"], args.scale)
    for problem in problems:
        print(f"- {problem}")
    if problems:
        raise UserError(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} found, listed above.")
    print("no problem found")


def calibrate_protocols(args: argparse.Namespace) -> None:
    """Scores bicubic, prints the table and writes it."""
    from cyclesr.experiments.calibration import calibrate, markdown, write_table
    from cyclesr.inference.evaluation_report import check_place

    check_place(args.out)
    rows, images = calibrate(
        args.data,
        args.protocols,
        args.bicubics,
        images=args.images,
        lpips_weights=args.lpips_weights,
        workers=args.workers,
        watch=_bar_of("bicubic"),
    )
    print(markdown(rows, images), end="")
    print("written:", *write_table(args.out, rows, images))


def align_pairs(args: argparse.Namespace) -> None:
    """Aligns, and says what was found and what was dropped."""
    import statistics

    from cyclesr.datasets.alignment import Limits, align_folders

    limits = Limits(args.max_shift, args.min_correlation, args.max_residual)
    found = align_folders(
        args.lr, args.hr, args.out, args.scale, limits, workers=args.workers, watch=_bar_of("aligning")
    )
    kept = [pair for pair in found if not pair.dropped]
    for pair in found:
        if pair.dropped:
            print(f"- dropped {pair.lr}: {pair.dropped}")
    for name, values in (
        ("shift down, HR px", [pair.dy for pair in kept]),
        ("shift right, HR px", [pair.dx for pair in kept]),
        ("residual, HR px", [pair.residual for pair in kept]),
        ("correlation", [pair.correlation for pair in kept]),
    ):
        print(f"{name:18}  median {statistics.median(values):7.3f}  from {min(values):7.3f} to {max(values):7.3f}")
    print(f"{args.out}: {len(kept)} pairs in lr/ and hr/, {len(found) - len(kept)} dropped; see alignment.json")


def _print_table(reports: "dict[str, FolderReport]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "images", "readable", "16 bit", "width", "height")
    for name, report in reports.items():
        heights, widths = zip(*report.sizes.values(), strict=True) if report.sizes else ((), ())
        counts = map(str, (len(report.images), len(report.sizes), report.sixteen_bit))
        table.add_row(name, *counts, _span(widths), _span(heights))
    Console().print(table)


def _span(sides: Sequence[int]) -> str:
    """Of lengths: ``640 to 1280``, or ``1280`` where all are equal."""
    return " to ".join(map(str, sorted({min(sides), max(sides)}))) if sides else ""


def _bar(title: str) -> Callable[[Iterable[Any]], Iterable[Any]]:
    """A progress bar on stderr around a list."""
    from rich.console import Console
    from rich.progress import track

    return lambda items: track(list(items), description=title, console=Console(stderr=True), transient=True)


def _bar_of(title: str) -> Callable[[Iterable[Any], int], Iterable[Any]]:
    """A progress bar on stderr around results that come one by one, and their number."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return lambda items, total: track(items, title, total, console=console, transient=True)


def main() -> None:
    """Runs the subcommand."""
    args = parse_arguments()
    args.work(args)


if __name__ == "__main__":
    run(main)
