"""Results files: JSON with all results, CSV with a row per image, and Markdown with one row for a table."""

import csv
import json
import math
import os
from pathlib import Path
from typing import Any

from cyclesr.errors import UserError
from cyclesr.inference.evaluate import Results
from cyclesr.text_tables import markdown_table

DIGITS = {"psnr": 3, "psnr_subpixel": 3, "psnr_colour": 3, "niqe": 3}  # decimals; four for the others


def as_dict(results: Results) -> dict[str, Any]:
    """Returns the content of the JSON file."""
    return {
        "method": results.method,
        "protocol": results.protocol.name,
        "protocol_source": results.protocol.source,
        "scale": results.scale,
        "means": results.means,
        "images": [{"name": name, **scores} for name, scores in results.per_image.items()],
        **results.provenance,
    }


def markdown(results: Results) -> str:
    """Returns a Markdown table of one row, with its header."""
    means = results.means
    net = results.provenance.get("lpips_network", {}).get("net")
    names = ["method", "protocol", "images", *(f"lpips {net}" if key == "lpips" else key for key in means)]
    cells = [results.method, results.protocol.name, str(len(results.per_image))]
    cells += [f"{value:.{DIGITS.get(key, 4)}f}" for key, value in means.items()]
    return markdown_table(names, [cells]) + "\n"


def check_place(path: str | Path) -> Path:
    """Creates the folder of a results file and tries to write there, so that mistakes show before anything is scored.

    Raises:
        UserError: the path does not end in .json or is a folder, or the folder or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".json" or path.is_dir():
        raise UserError(f"The results file must be a .json file, found {path}.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _try_to_write(path)
    except OSError as error:
        raise UserError(f"The results file {path} cannot be written: {error.strerror}.") from error
    return path


def _try_to_write(path: Path) -> None:
    """Opens a file for writing, because its permissions do not show whether that works. Does not change the file."""
    new = not os.path.lexists(path)
    path.open("ab").close()
    if new:
        path.unlink()


def strict_json(content: Any) -> str:
    """Returns standard JSON: numbers that are not finite become the strings ``"Infinity"``, ``"-Infinity"``, ``"NaN"``.

    The PSNR of equal images is infinite. ``float()`` in Python and ``Number()`` in JavaScript parse these strings.
    """
    return json.dumps(_finite(content), indent=2, allow_nan=False) + "\n"


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return "NaN" if math.isnan(content) else "Infinity" if content > 0 else "-Infinity"
    return content


def write_results(results: Results, path: str | Path) -> list[Path]:
    """Writes ``path`` (JSON), and beside it the files of the same name with ``.csv`` and ``.md``.

    Returns:
        The three paths.

    Raises:
        UserError: as for :func:`check_place`, or the disk is full.
    """
    path = check_place(path)
    files = [path, path.with_suffix(".csv"), path.with_suffix(".md")]
    try:
        path.write_text(strict_json(as_dict(results)), encoding="utf-8")
        _write_csv(results, files[1])
        files[2].write_text(markdown(results), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UserError(f"The results file {path} cannot be written: {error.strerror}.") from error
    return files


def _write_csv(results: Results, path: Path) -> None:
    columns = list(next(iter(results.per_image.values())))
    with open(path, "w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["name", *columns])
        writer.writerows([name, *(scores[key] for key in columns)] for name, scores in results.per_image.items())
        writer.writerow(["mean", *(results.means.get(key, "") for key in columns)])
