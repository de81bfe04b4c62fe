"""Training and scoring of the cells of the benchmark on real pairs, each only once; pictures and the page."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from mmengine.config import Config
from mmengine.logging import print_log

from cyclesr.atomic_write import write_whole_text
from cyclesr.errors import UserError
from cyclesr.experiments.cells import Result
from cyclesr.experiments.comparison import enlarge_nearest, held_out_pairs
from cyclesr.experiments.hardware import hardware
from cyclesr.experiments.pairs.cells import Key, PairBench, PairCell, Source
from cyclesr.experiments.pairs.page import page
from cyclesr.experiments.pairs.verdict_section import verdict_section
from cyclesr.experiments.pairs.verdicts import judge_cell
from cyclesr.experiments.pictures import side_by_side
from cyclesr.experiments.work_dir import write_json
from cyclesr.images.listing import list_images
from cyclesr.images.reading import image_size, read_image
from cyclesr.images.tensors import to_tensor
from cyclesr.images.writing import write_image
from cyclesr.inference.evaluate import BICUBIC, Settings, evaluate_config
from cyclesr.inference.evaluation_report import as_dict
from cyclesr.inference.verdict import LEAST_SIDE
from cyclesr.metrics.columns import load_columns
from cyclesr.metrics.lpips import SMALLEST, load_lpips
from cyclesr.metrics.niqe import enough_blocks
from cyclesr.registry import LOSSES

LPIPS = "alex"
PANELS = 6  # panels per line of a picture at most


def find_columns(bench: PairBench, seed: int) -> tuple[str, ...]:
    """Returns the columns of the bench that can be measured.

    Columns without weights, or for which the held-out images are too small, are left out with a message.

    Raises:
        UserError: a column is unknown, or weights do not exist at a given path.
    """
    columns = list(load_columns((name for name in bench.columns if name != "lpips"), bench.dists_weights))
    sizes = [read_image(path).shape[:2] for path in list_images(bench.folders(seed).valid_hr)]
    if "niqe" in columns and not all(enough_blocks(*size) for size in sizes):
        print_log("NIQE is left out: held-out images are too small for it.", logger="current")
        columns.remove("niqe")
    if "lpips" in bench.columns and load_lpips(LPIPS, bench.lpips_weights) is not None:
        if all(min(size) >= SMALLEST[LPIPS] for size in sizes):
            columns.append("lpips")
        else:
            print_log("LPIPS is left out: held-out images are too small for it.", logger="current")
    return tuple(columns)


def check_rows(bench: PairBench, keys: Iterable[Key]) -> None:
    """Builds the config and the perceptual loss of each row, so that mistakes show before anything is trained.

    Raises:
        UserError: a config or weights do not exist, or there are no true pairs for a row that needs them.
    """
    for cell in {key[1]: PairCell(bench, *key) for key in keys}.values():
        if not cell.result.is_file() and (perceptual := cell.untimed().model.get("perceptual")):
            LOSSES.build({"type": "PerceptualLoss", **perceptual})


def run_pairs(bench: PairBench, keys: list[Key], path: Path) -> list[str]:
    """Runs the cells that have no result yet, and rewrites the page and the pictures after each.

    Args:
        bench: shared settings.
        keys: the cells to run.
        path: path of the page, which shows all results in the work dir.

    Returns:
        A sentence for each result in the work dir that could not be shown on the page.

    Raises:
        UserError: as for :func:`run_cell`.
    """
    columns = find_columns(bench, keys[0][2])
    shown: dict[Key, Result] = {}
    left_out: list[str] = []
    for key in keys:
        if run_cell(PairCell(bench, *key), columns) != shown.get(key):
            shown, left_out = finished_cells(bench)  # read again: other commands may have finished some
            save_pictures(bench, shown, key[2])
            write_whole_text(path, "\n".join(filter(None, (page(bench, shown), verdict_section(bench, shown)))))
    return left_out


def run_cell(cell: PairCell, columns: tuple[str, ...]) -> Result:
    """Trains and scores a cell, or reads its result if it is finished. An interrupted training is resumed.

    A result that lacks some of the columns or the verdict gets them if its checkpoint still exists.

    Args:
        cell: the cell.
        columns: names of the scores beside PSNR and SSIM, see :func:`find_columns`.

    Returns:
        The content of ``result.json``: the scores under the first protocol as ``cyclesr test`` writes them; those under
        the other protocols as ``psnr_<protocol>`` and ``ssim_<protocol>`` beside them; ``verdict``, that without ground
        truth, if held-out LR images are at least 48 pixels wide and high; ``row``, ``source``, ``seed``,
        ``minutes`` (``None`` if the training was interrupted), ``iterations`` and ``hardware``.

    Raises:
        UserError: the folder of the cell holds a training of another config, or a damaged file.
    """
    config = cell.config()
    cell.check(config)
    if not cell.result.is_file():
        cell.write(config)
        minutes = cell.train(config, cell.seed) if cell.trains else None
        about = dict(row=cell.name, source=cell.source, seed=cell.seed, minutes=minutes, hardware=hardware())
        about |= dict(iterations=config.train_cfg.max_iters if cell.trains else 0)
        write_json(cell.result, _score(cell, config, columns) | about)
    can_score = not cell.trains or cell.checkpoint(config).is_file()
    if can_score and set(columns) - cell.read_result()["means"].keys():
        write_json(cell.result, cell.read_result() | _score(cell, config, columns))
    if can_score and "verdict" not in cell.read_result() and _large_enough(cell):
        write_json(cell.result, cell.read_result() | dict(verdict=judge_cell(cell, config).to_dict()))
    return cell.read_result()


def _large_enough(cell: PairCell) -> bool:
    """Returns whether at least one held-out LR image is large enough for a verdict."""
    held_out = list_images(cell.bench.folders(cell.seed).valid_lr)
    return any(min(image_size(path)) >= LEAST_SIDE for path in held_out)


def _score(cell: PairCell, config: Config, columns: tuple[str, ...]) -> Result:
    cell.write(config)  # the image folders may have moved
    first, *others = cell.bench.protocols
    settings = Settings(
        first,
        lpips=LPIPS if "lpips" in columns else None,
        lpips_weights=cell.bench.lpips_weights if "lpips" in columns else None,
        columns=tuple(name for name in columns if name != "lpips"),
        dists_weights=cell.bench.dists_weights if "dists" in columns else None,
        save_images=str(cell.images),
    )
    result = _evaluate(cell, config, settings)
    for protocol in others:
        _add_columns(result, _evaluate(cell, config, Settings(protocol)), protocol)
    return result


def _evaluate(cell: PairCell, config: Config, settings: Settings) -> Result:
    method = str(cell.checkpoint(config)) if cell.trains else BICUBIC
    return as_dict(evaluate_config(str(cell.config_file), method, settings))


def _add_columns(result: Result, scored: Result, protocol: str) -> None:
    """Adds PSNR and SSIM under another protocol to a result."""
    pairs = [(result["means"], scored["means"]), *zip(result["images"], scored["images"], strict=True)]
    for scores, others in pairs:
        scores.update({f"{name}_{protocol}": others[name] for name in ("psnr", "ssim")})


def finished_cells(bench: PairBench) -> tuple[dict[Key, Result], list[str]]:
    """Reads all results in the work dir, of all known rows and all seeds.

    Returns:
        The results by source, row and seed, and a sentence for each result that is damaged or of another config.
    """
    found: dict[Key, Result] = {}
    left_out = []
    for cell in _cells_on_disk(bench):
        try:
            cell.check(cell.config())
            found[cell.source, cell.name, cell.seed] = cell.read_result()
        except UserError as error:
            left_out.append(str(error))
    return found, left_out


def _cells_on_disk(bench: PairBench) -> Iterable[PairCell]:
    for source in get_args(Source):
        if source not in bench.sources:
            continue
        for name in bench.rows:
            for path in sorted(bench.work_dir.glob(f"{source}_seed*/{name}/result.json")):
                seed = path.parents[1].name.removeprefix(f"{source}_seed")
                if seed.isdecimal():
                    yield PairCell(bench, source, name, int(seed))


def save_pictures(bench: PairBench, results: Mapping[Key, Result], seed: int) -> None:
    """Writes a picture per held-out image and source of HR: real LR, every row of a seed with its PSNR, and HR.

    The pictures are ``pictures/<source>_seed<seed>/<image>.png`` in the work dir.
    """
    for source in bench.sources:
        rows = {key[1]: result for key, result in results.items() if key[2] == seed and _is_shown(bench, key, source)}
        for lr_path, hr_path in held_out_pairs(bench.folders(seed)):
            hr, lr = to_tensor(read_image(hr_path)), to_tensor(read_image(lr_path))
            panels = {"real LR": enlarge_nearest(lr, bench.scale)}
            for name, result in rows.items():
                cell = PairCell(bench, result["source"], name, seed)
                panels[_caption(cell, result, lr_path.stem)] = to_tensor(
                    read_image(cell.images / f"{lr_path.stem}.png")
                )
            folder = bench.work_dir / "pictures" / f"{source}_seed{seed}"
            write_image(folder / f"{lr_path.stem}.png", side_by_side(panels | {"HR": hr}, PANELS))


def _is_shown(bench: PairBench, key: Key, source: Source) -> bool:
    """Returns whether a result is shown under a source: that of the result, or any if the row does not depend on HR."""
    return key[0] == source or not bench.rows[key[1]].uses_hr_folder


def _caption(cell: PairCell, result: Result, image: str) -> str:
    scores: dict[str, Any] = next(scores for scores in result["images"] if scores["name"] == image)
    return f"{cell.row.title}, {scores['psnr']:.2f} dB"
