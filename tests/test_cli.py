"""How the tools end, and their KEY=VALUE options."""

import argparse

import pytest

from cyclesr.cli.arguments import at_least, key_values, positive, run
from cyclesr.errors import UserError


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("No folder\n  'x'. Make it."), 2, "error: No folder 'x'. Make it.\n"),
        (FileExistsError(17, "File exists", "work_dirs"), 2, "error: work_dirs: File exists\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
    ],
)
def test_a_mistake_is_one_line(error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as left:
        run(lambda: _raise(error))
    assert left.value.code == code
    assert capsys.readouterr().err == message


def test_success_is_zero_and_bugs_keep_their_traceback() -> None:
    with pytest.raises(SystemExit) as left:
        run(lambda: None)
    assert left.value.code == 0
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 / 0)
    with pytest.raises(OSError, match="no file's"):
        run(lambda: _raise(OSError("no file's")))


def test_key_values() -> None:
    options = ["a.b=3", "c=[1, 2]", "d=word", "e=1e-4", "f=True", "g=none", "k=None", "h=a=b", "i=", "j=(1, 'x')"]
    assert key_values(options) == {
        "a.b": 3, "c": [1, 2], "d": "word", "e": 1e-4, "f": True, "g": "none", "k": None, "h": "a=b", "i": "",
        "j": (1, "x"),
    }  # fmt: skip
    for wrong in ("abc", "=3"):
        with pytest.raises(UserError, match="KEY=VALUE"):
            key_values([wrong])


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        (at_least(0), {"0": 0, "12": 12}, ["-1", "1.5", "many", ""]),
        (positive, {"2.5": 2.5}, ["0", "-3", "nan", "inf", "x"]),
    ],
)
def test_numbers_keep_to_their_limits(read, good, bad) -> None:
    assert {text: read(text) for text in good} == good
    for text in bad:
        with pytest.raises(argparse.ArgumentTypeError, match=f"found '{text}'"):
            read(text)
