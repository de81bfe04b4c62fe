"""How a command ends."""

import subprocess
import sys

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
        (MemoryError(), 2, "error: the memory is too small: choose smaller sizes or batches.\n"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 4 bytes.\nat here"),
            2,
            "error: the memory is too small: choose smaller sizes or batches. [enforce fail] DefaultCPUAllocator: "
            "can't allocate memory: 4 bytes.\n",
        ),
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


def test_a_reader_that_has_enough_is_no_error() -> None:
    script = "from cyclesr.cli.process import run; run(lambda: print('line\\n' * 100_000))"
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stderr is not None
    with writer:
        assert writer.stdout.readline() == b"line\n"
        writer.stdout.close()
        assert writer.stderr.read() == b""
    assert writer.returncode == 141
