"""How a command ends."""

import pytest

from cyclesr.cli.process import run
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
