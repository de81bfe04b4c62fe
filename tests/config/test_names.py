"""Finding configs: paths as before, names from any folder, and the nearest names of one that there is not."""

from pathlib import Path

import pytest

from cyclesr.config import config_files, configs_folder, find_config, names
from cyclesr.errors import UserError


@pytest.mark.parametrize(
    "name",
    [
        "unitsr_ntire18_t4",
        "unitsr_ntire18_t4.py",
        "configs/unitsr_ntire18_t4.py",
        "./configs/unitsr_ntire18_t4",
        "demo/cyclesr_demo",
        "cyclesr_demo",
        "cyclesr_demo.py",
        "own_images/blur_noise",
    ],
)
def test_names_are_found_from_any_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = find_config(name)
    assert found.is_file()
    assert found.stem == Path(name).stem
    assert configs_folder() in found.parents


def test_a_path_comes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("unitsr_ntire18_t4.py").write_text("")
    assert find_config("unitsr_ntire18_t4.py").resolve() == tmp_path / "unitsr_ntire18_t4.py"
    assert find_config("unitsr_ntire18_t4").resolve() == configs_folder() / "unitsr_ntire18_t4.py"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("unitsr_ntire18", "'unitsr_ntire18_t4'"),
        ("demo/cyclesr_dem", "'demo/cyclesr_demo'"),
        ("blur_nose", "'blur_noise'"),
        ("configs/UNITSR_ntire18_t4.py", "'unitsr_ntire18_t4'"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UserError, match=f"no config file '{name}'.*Did you mean .*{near}"):
        find_config(name)


def test_bases_are_no_configs() -> None:
    assert not [name for name in config_files(configs_folder()) if "_base_" in name]
    with pytest.raises(UserError, match="no config file"):
        find_config("_base_/runtime")


def test_a_name_in_several_folders_needs_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text("")
    monkeypatch.setattr(names, "configs_folder", lambda: tmp_path)
    assert find_config("b/same") == tmp_path / "b" / "same.py"
    with pytest.raises(UserError, match="a/same, b/same"):
        find_config("same")
