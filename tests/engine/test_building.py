"""What a config lacks, and classes that fail on its values, are one line."""

from pathlib import Path

import pytest

from cyclesr.engine.building import errors_of_config
from cyclesr.engine.launch import train
from cyclesr.errors import UserError


def test_what_a_training_needs_is_named(tiny_config: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"A training needs model and optim_wrapper, which the config .* lacks"):
        train(str(tiny_config), work_dir=str(tmp_path / "run"), options={"model": None, "optim_wrapper": None})


def test_errors_of_constructors_are_one_line(tiny_config: Path, tmp_path: Path) -> None:
    options = {"optim_wrapper.sr.optimizer.betas": 3}
    with pytest.raises(UserError, match=r"The optimizers cannot be built .*TypeError: .* \(adam\.py, line \d+\)"):
        train(str(tiny_config), work_dir=str(tmp_path / "run"), options=options)


def test_errors_that_are_one_line_stay_as_they_are() -> None:
    for error in (UserError("clear"), FileNotFoundError(2, "No such file", "a"), MemoryError()):
        with pytest.raises(type(error)) as found, errors_of_config("This"):
            raise error
        assert found.value is error
