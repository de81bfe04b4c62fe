"""Files about the project agree with it: version, targets of the Makefile, links, the rooms of the package."""

import re
from pathlib import Path

import pytest
import yaml
from test_layers import ROOMS

import cyclesr

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_to_files(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text)
    # Sphinx writes the pages of the API from the docstrings; `make docs` checks those links.
    missing = [link for link in links if not link.startswith("api/") and not (page.parent / link).exists()]
    assert not missing


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == cyclesr.__version__
    assert f"## {cyclesr.__version__} - " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("job", WORKFLOW["jobs"])
def test_the_workflow_runs_targets_of_the_makefile(job: str) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    commands = [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]
    assert commands
    assert all(command.removeprefix("make ") in targets for command in commands)


def test_the_page_of_rooms_lists_them_from_the_top_to_the_bottom() -> None:
    page = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| \[[^]]+\]\(api/cyclesr(?:\.(\w+))?\.rst\)", page, flags=re.M)
    assert [room or "ground" for room in rooms] == [room for room in ROOMS if room != "__main__"]
