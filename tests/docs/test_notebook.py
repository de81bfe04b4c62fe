"""The notebook: its cells run in order, from an empty folder and without the network, in a short training."""

import json
import re
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "own_images.ipynb"


def cells() -> list[str]:
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert content["nbformat"] == 4
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]


def test_it_has_ten_cells_without_outputs() -> None:
    assert len(cells()) == 10
    assert '"outputs": []' in NOTEBOOK.read_text(encoding="utf-8")
    assert not re.search(r'"outputs": \[[^\]]', NOTEBOOK.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_the_cells_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CYCLESR_CACHE", str(tmp_path / "cache"))
    names: dict[str, object] = {}
    settings, *others = cells()
    short = settings.replace("ITERATIONS = None", "ITERATIONS = 2")
    assert short != settings
    for number, text in enumerate([short, *others], 1):
        exec(compile(text, f"cell {number}", "exec"), names)
    said = capsys.readouterr().out
    for words in ("Sharpness: ", "Chosen: own_images/", "than bicubic on 6 images", "report.html", "6 images, "):
        assert words in said
    place = tmp_path / "work_dirs" / "notebook"
    assert len([*(place / "sr").glob("*.png")]) == 6
    assert "data-version" in (place / "sr" / "compare.html").read_text(encoding="utf-8")
    assert {path.name for path in (place / "pairs" / "lr").iterdir()} == {
        path.name for path in (place / "pairs" / "hr").iterdir()
    }
