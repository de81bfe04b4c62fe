"""Training and scoring of the cells of the tables, each only once, and pages of all results in a work dir."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mmengine.config import Config

from cyclesr.atomic_write import write_whole_text
from cyclesr.errors import UserError
from cyclesr.experiments.cells import Result
from cyclesr.experiments.comparison import degradation_psnr
from cyclesr.experiments.hardware import hardware
from cyclesr.experiments.table_cells import Bench, Cell
from cyclesr.experiments.table_page import page
from cyclesr.experiments.tables import ROWS, Key, Table, rows_of, tracks_of
from cyclesr.experiments.work_dir import read_json, write_json
from cyclesr.inference.evaluate import BICUBIC, Settings, evaluate_config
from cyclesr.inference.evaluation_report import as_dict
from cyclesr.inference.translator import load_degradation
from cyclesr.metrics.lpips import find_lpips_weights, load_lpips
from cyclesr.registry import LOSSES

LPIPS = "alex"


def check_weights(bench: Bench, keys: Iterable[Key]) -> None:
    """Loads the weights of LPIPS and of the perceptual losses, so that missing ones show before anything is trained.

    Args:
        bench: shared settings.
        keys: the cells that will run. Those that are finished are not checked.

    Raises:
        UserError: weights do not exist at a given path, or a row needs weights that are not found.
    """
    load_lpips(LPIPS, bench.lpips_weights)
    cells = (Cell(bench, ROWS[name].same_as or name, kind, seed) for kind, name, seed in keys)
    for cell in {cell.name: cell for cell in cells if not cell.result.is_file()}.values():
        if perceptual := cell.untimed().model.get("perceptual"):
            LOSSES.build({"type": "PerceptualLoss", **perceptual})


def run_table(bench: Bench, table: Table, keys: Iterable[Key], path: Path) -> list[str]:
    """Runs the cells that have no result yet, and rewrites the page after each.

    Args:
        bench: shared settings.
        table: the table of the page, which shows all of its results in the work dir.
        keys: the cells to run.
        path: path of the page.

    Returns:
        A sentence for each result in the work dir that could not be shown on the page.

    Raises:
        UserError: as for :func:`run_cell`.
    """
    shown: dict[Key, Result] = {}
    left_out: list[str] = []
    for key in keys:
        kind, name, seed = key
        if run_cell(bench, name, kind, seed) != shown.get(key):
            shown, left_out = finished_cells(bench, table)  # read again: other commands may have finished some
            write_whole_text(path, page(table, bench.scale, bench.effort, shown))
    return left_out


def run_cell(bench: Bench, name: str, kind: str, seed: int) -> Result:
    """Trains and scores a row, or reads its result if it is finished. An interrupted training is resumed.

    A result without LPIPS is scored again if AlexNet's weights are found and its checkpoint still exists.

    Args:
        bench: shared settings.
        name: a key of :data:`~cyclesr.experiments.tables.ROWS`.
        kind: the track, ``unknown``, ``mild`` or ``wild``.
        seed: seed of the weights, the order of the data and the augmentation; at demo scale also of the track.

    Returns:
        The content of the row's ``result.json``: scores as ``cyclesr test`` writes them, ``row``, ``track``, ``seed``,
        ``scale``, ``minutes`` (``None`` if the training was interrupted), ``iterations`` and ``hardware``. A row with
        a translator has ``degradation_psnr`` (dB) at demo scale. A row on aligned pairs has ``pairs``, with the number
        ``kept`` by the alignment and the number ``of`` all pairs.

    Raises:
        UserError: the folder of the row holds a training of another config, or a damaged file.
    """
    cell = Cell(bench, ROWS[name].same_as or name, kind, seed)
    config = cell.config()
    cell.check(config)
    if not cell.result.is_file():
        write_json(cell.result, _run(cell, config))
    elif _lacks_lpips(cell, config):
        write_json(cell.result, cell.read_result() | _score(cell, config))
    return cell.read_result()


def finished_cells(bench: Bench, table: Table) -> tuple[dict[Key, Result], list[str]]:
    """Reads all results of a table in the work dir, of all tracks of the table and all seeds.

    Returns:
        The results by track, row and seed, and a sentence for each result that is damaged or of another config.
    """
    found: dict[Key, Result] = {}
    left_out = []
    for name in rows_of(table):
        for cell in _cells_on_disk(bench, ROWS[name].same_as or name, tracks_of(table)):
            try:
                cell.check(cell.config())
                found[cell.kind, name, cell.seed] = cell.read_result()
            except UserError as error:
                left_out.append(str(error))
    return found, left_out


def _cells_on_disk(bench: Bench, name: str, kinds: list[str]) -> Iterator[Cell]:
    for kind in kinds:
        for path in bench.work_dir.glob(f"{kind}_seed*/{name}/result.json"):
            seed = path.parents[1].name.removeprefix(f"{kind}_seed")
            if seed.isdecimal():
                yield Cell(bench, name, kind, int(seed))


def _lacks_lpips(cell: Cell, config: Config) -> bool:
    """Returns whether a result has no LPIPS and LPIPS can be computed now."""
    if "lpips" in cell.read_result()["means"] or find_lpips_weights(LPIPS, cell.bench.lpips_weights) is None:
        return False
    return not cell.trains or cell.checkpoint(config).is_file()


def _run(cell: Cell, config: Config) -> Result:
    trains = cell.trains
    cell.write(config)
    minutes = cell.train(config, cell.seed) if trains else None
    result = _score(cell, config) | dict(row=cell.name, track=cell.kind, seed=cell.seed, scale=cell.bench.scale)
    result |= dict(minutes=minutes, iterations=config.train_cfg.max_iters if trains else 0, hardware=hardware())
    if trains and cell.bench.scale == "demo" and config.model.type == "CollaborativeSR":
        translator = load_degradation(str(cell.checkpoint(config))).translator
        near = degradation_psnr(translator.degrade, cell.track(), from_hr=translator.from_hr)
        result["degradation_psnr"] = near
    return result | _aligned(config)


def _aligned(config: Config) -> Result:
    """Returns how many pairs the alignment kept, for a training on aligned pairs, or an empty dict."""
    lr = config.train_dataloader.dataset.get("lr")
    report = Path(lr or "").parent / "alignment.json"
    if not (lr and report.is_file()):
        return {}
    pairs = read_json(report)["pairs"]
    return dict(pairs=dict(kept=sum(not pair["dropped"] for pair in pairs), of=len(pairs)))


def _score(cell: Cell, config: Config) -> Result:
    cell.write(config)  # the image folders may have moved
    method = str(cell.checkpoint(config)) if cell.trains else BICUBIC
    settings = Settings(lpips=LPIPS, lpips_weights=cell.bench.lpips_weights)
    return as_dict(evaluate_config(str(cell.config_file), method, settings))
