"""The files of a report: numbers, a picture of the curves, and a page."""

from pathlib import Path

from cyclesr.atomic_write import write_whole, write_whole_text
from cyclesr.errors import UserError
from cyclesr.inference.evaluation_report import strict_json
from cyclesr.inference.measurement.charts import write_picture
from cyclesr.inference.measurement.page import page
from cyclesr.inference.measurement.report import MeasurementReport


def check_folder(folder: str | Path) -> Path:
    """Creates the folder of a report, so that mistakes show before anything is measured.

    Raises:
        UserError: it cannot be created.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {folder} for the report cannot be created: {error.strerror}.") from error
    return Path(folder)


def write_report(report: MeasurementReport, folder: str | Path) -> list[Path]:
    """Writes ``measurement.json``, ``measurement.png`` and ``measurement.html``.

    Returns:
        The three paths.

    Raises:
        UserError: the folder cannot be created.
        OSError: a file cannot be written.
    """
    place = check_folder(folder)
    files = [place / f"measurement.{kind}" for kind in ("json", "png", "html")]
    write_whole_text(files[0], strict_json(report.to_dict()))
    write_whole(files[1], lambda path: write_picture(path, report))
    write_whole_text(files[2], page(report))
    return files
