"""Finding a config by its path, or by its name among those that cyclesr brings."""

from pathlib import Path

from cyclesr.errors import UserError, did_you_mean


def configs_folder() -> Path:
    """Returns the folder of cyclesr's own configs: in an installed package inside it, in a checkout beside it."""
    package = Path(__file__).parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def config_files(folder: str | Path) -> dict[str, Path]:
    """Returns the configs of a folder by name, such as ``demo/cyclesr_demo``; those in ``_base_`` are none.

    Raises:
        UserError: no such folder, or no config in it.
    """
    folder = Path(folder)
    files = sorted(path for path in folder.rglob("*.py") if not path.parent.name.startswith("_"))
    if not files:
        raise UserError(f"There are no configs in {folder}: give --configs DIR, a folder with some.")
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def find_config(name: str | Path) -> Path:
    """Returns the file of a config.

    Args:
        name: a path, or a name: ``unitsr_ntire18_t4``, ``demo/cyclesr_demo`` (or ``cyclesr_demo``, because no other
            folder has one of this name), each with or without ``.py`` and ``configs/``. A path comes first.

    Raises:
        UserError: no such file or name; the message gives the nearest names.
    """
    if Path(name).is_file():
        return Path(name)
    files = config_files(configs_folder())
    asked = Path(name).as_posix().removeprefix("configs/").removesuffix(".py")
    found = [asked] if asked in files else [known for known in files if known.endswith(f"/{asked}")]
    if len(found) == 1:
        return files[found[0]]
    if found:
        raise UserError(f"Several configs are named {asked!r}: give one of {', '.join(found)}.")
    near = did_you_mean(asked, [*files, *(known.rpartition("/")[2] for known in files)])
    raise UserError(
        f"There is no config file {str(name)!r}, and no config of this name.{near} See: cyclesr list configs"
    )
