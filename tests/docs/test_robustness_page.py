"""Every row of the page about failures names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_row_names_files_that_exist() -> None:
    text = (ROOT / "docs" / "robustness.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| (?!kind|what|---)", line)]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"(?:tests|benchmarks)/[\w/]+\.py", row)
        assert named, row
        assert [name for name in named if not (ROOT / name).is_file()] == [], row
