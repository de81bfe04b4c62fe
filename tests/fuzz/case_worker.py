"""Plays cases in a process that may crash, hang, or ask for too much memory; then another process takes its place.

A case is files, and a command that reads them. It is right if the command succeeds or ends in one clear line, within 10
seconds of CPU time and 4 GB, runs no code that the files bring along, and writes only where it was told to.
"""

import contextlib
import gc
import multiprocessing
import os
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

SECONDS, HANG = 10, 90  # of CPU time; of waiting, on a busy computer
MEMORY = 4 * 2**30
LARGEST_FILE = 2**30
LINE = 3000  # characters of one that is clear
LINES = 60  # of output to stderr that are no flood
CASES, COLLECTED = 100, 10  # of one process; from one collection of garbage to the next, which takes long
CANARY = "canary"  # the file that hostile code creates
OUT = "out"  # the folder to which commands are told to write


class Play(NamedTuple):
    """Files and a command.

    Attributes:
        files: content by name; "folder", "fifo" and "link:TARGET" are kinds of files.
        arguments: those of the command ``cyclesr``; or ``call MODULE FUNCTION`` and arguments of the function.
        made: files that must be there at the end, however the command ends.
        anywhere: whether the command may write anywhere in its folder, instead of :data:`OUT` only.
    """

    files: Mapping[str, bytes | str]
    arguments: tuple[str, ...]
    made: tuple[str, ...] = ()
    anywhere: bool = False


class Outcome(NamedTuple):
    """How a case ended.

    Attributes:
        fault: what is wrong; empty if nothing is.
        ended: "right", "error" (in one clear line) or "fault".
        text: the line, or the traceback.
        seconds: CPU time.
    """

    fault: str
    ended: str
    text: str
    seconds: float


class CaseWorker:
    """Plays cases in another process.

    Args:
        base: folder of the sandbox.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(_PRELOADED))
        self._process: Any = None
        self._played = 0

    def play(self, case: Play) -> Outcome:
        """Plays a case."""
        if self._process is None:
            self._start()
        self._played += 1
        self._connection.send(case)
        try:
            found: Outcome | None = self._connection.recv() if self._connection.poll(HANG) else None
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode
            self._process = None
            slow = code == -24  # SIGXCPU
            return Outcome(f"over {SECONDS} s of CPU time" if slow else f"the process died, {code}", "fault", "", 0)
        if found is None or found.fault or self._played >= CASES:
            self.close()
        return found or Outcome(f"hangs: over {HANG} s", "fault", "", HANG)

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def _start(self) -> None:
        os.environ |= dict(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="", COLUMNS="120")
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs, self._base), daemon=True)
        self._process.start()
        theirs.close()
        self._played = 0


def _serve(connection: Connection, base: Path) -> None:
    sys.dont_write_bytecode = True
    base = base.resolve()
    place = base / "case"
    seen = _watch_this_process(base)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.freeze()  # so that collecting takes less time
    for played in count(1):
        case: Play = connection.recv()
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        os.chdir(place)
        _write(case.files)
        before = _listing(base)
        seen.clear()
        outcome = _judged(case, base, before, seen)
        if played % COLLECTED == 0:
            gc.collect()
        connection.send(outcome)


def _judged(case: Play, base: Path, before: set[str], seen: list[str]) -> Outcome:
    start = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (int(start) + SECONDS + 1, resource.RLIM_INFINITY))
    with _captured(base / "stderr") as stderr:
        ended, text = _ended(case)
    seconds = time.process_time() - start
    text = re.sub(rf"{re.escape(str(base))}/?", "", text)
    shown = stderr()
    fault = text if ended == "fault" else ""
    places = "case/" if case.anywhere else (f"case/{OUT}/", f"case/{OUT} ")
    if Path(CANARY).exists() or (base / CANARY).exists():
        fault = "foreign code ran"
        (base / CANARY).unlink(missing_ok=True)
    elif seen:
        fault = "; ".join(seen[:5])
    elif changed := sorted(name for name in _listing(base) ^ before if not name.startswith(places)):
        fault = f"other files changed: {', '.join(changed[:5])}"
    elif "Traceback (most recent call last)" in shown:
        fault = "a traceback was printed"
    elif shown.count("\n") > LINES:
        fault = f"{shown.count(chr(10))} lines were printed"
    elif missing := [name for name in case.made if not Path(name).is_file()]:
        fault = f"other files were not done: {', '.join(missing)}"
    return Outcome(fault, "fault" if fault else ended, f"{text}\n{shown[-3000:]}" if fault else text, seconds)


def _ended(case: Play) -> tuple[str, str]:
    from cyclesr.cli.main import run_command
    from cyclesr.cli.process import run
    from cyclesr.errors import UserError

    name, *arguments = case.arguments or ("",)
    longest = LINE + sum(map(len, case.arguments))  # a line may repeat what the user wrote
    try:
        if name == "call":
            getattr(import_module(arguments[0]), arguments[1])(*arguments[2:])
        else:
            run(lambda: run_command(case.arguments))
    except UserError as error:
        return _line(str(error), longest)
    except SystemExit as end:
        if end.code == 0:
            return "right", ""
        text = Path("../stderr").read_text(errors="replace").strip().rpartition("\n")[2]
        if end.code == 2 and "error: " in text:
            return _line(text, longest)
        return "fault", f"ended with {end.code}: {text}"
    except BaseException:
        return "fault", traceback.format_exc()
    return "right", ""


def read_by_all(name: str) -> None:
    """Reads an image by all functions that commands use, and compares what they say."""
    from cyclesr.errors import UserError
    from cyclesr.images.reading import image_size, read_image, read_picture

    found: list[Any] = []
    for read in (image_size, read_image, read_picture):
        try:
            found.append(read(name))
        except UserError as error:
            found.append(error)
    size, pixels, picture = found
    if isinstance(size, UserError) and not isinstance(pixels, UserError):
        raise AssertionError(f"the header is refused, the pixels are read: {size}")
    if isinstance(pixels, UserError) != isinstance(picture, UserError):
        raise AssertionError(f"read_image and read_picture do not agree: {pixels!r:.300} {picture!r:.300}")
    if isinstance(pixels, UserError):
        raise pixels
    height, width, channels = pixels.shape
    if (height, width) != size or channels != 3 or pixels.dtype not in ("uint8", "uint16"):
        raise AssertionError(f"{pixels.shape} in {pixels.dtype}, header {size}")
    if picture.pixels.shape[:2] != size or (picture.alpha is not None and picture.alpha.shape != size):
        raise AssertionError(f"picture {picture.pixels.shape}, header {size}")


def _line(text: str, longest: int) -> tuple[str, str]:
    clear = 10 < len(text) < longest
    return ("error", text) if clear else ("fault", f"no clear line of {len(text)} characters: {text}")


def _write(files: Mapping[str, bytes | str]) -> None:
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content == "folder":
            path.mkdir(exist_ok=True)
        elif content == "fifo":
            os.mkfifo(path)
        else:
            path.symlink_to(content.removeprefix("link:"))


def _listing(base: Path) -> set[str]:
    """Returns the files of the sandbox with their sizes and times."""
    found = set()
    for root, folders, names in os.walk(base):
        here = Path(root).relative_to(base)
        if here == Path():
            folders[:] = [name for name in folders if name != "tmp"]
            names = [name for name in names if name != "stderr"]
        for name in names:
            status = os.lstat(Path(root, name))
            found.add(f"{here / name} {status.st_size} {status.st_mtime_ns}")
        found.add(f"{here}/")
    return found


@contextlib.contextmanager
def _captured(file: Path) -> Iterator[Callable[[], str]]:
    """Sends what is printed, by C code as well, to a file, up to the end of the block."""
    kept = os.dup(1), os.dup(2)
    shown = open(file, "w+b", buffering=0)  # noqa: SIM115 (read after the block)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(shown.fileno(), 2)
    os.close(nothing)
    former = sys.stdout, sys.stderr
    sys.stdout = open(1, "w", closefd=False, errors="surrogateescape")  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, errors="surrogateescape", buffering=1)  # noqa: SIM115

    def text() -> str:
        shown.seek(0)
        with shown:
            return shown.read().decode(errors="replace")

    try:
        yield text
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        sys.stdout, sys.stderr = former
        for fd, old in zip((1, 2), kept, strict=True):
            os.dup2(old, fd)
            os.close(old)


_PRELOADED = (
    "cyclesr.cli.main", "cyclesr.engine.launch", "cyclesr.inference.files", "cyclesr.inference.degrade",
    "cyclesr.inference.verdict", "cyclesr.inference.verdict_page", "cyclesr.inference.export", "cyclesr.models.losses",
    "cyclesr.datasets.inspection", "cyclesr.checkpoints.public_weights", "cyclesr.catalogue",
    "cyclesr.models.backbones",
    "cyclesr.models.translators", "cyclesr.degradations", "cyclesr.metrics", "cyclesr.optim", "spandrel", "tifffile",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate")
_RUNS = ("os.system", "os.exec", "os.posix_spawn", "os.startfile", "pty.spawn", "pickle.find_class")
# Of the tensors that cyclesr itself has written, and that spandrel reads to test an export.
_TENSORS = {("torch._utils", "_rebuild_tensor_v2"), ("torch", "FloatStorage"), ("collections", "OrderedDict")}
_TOOLS = (
    "gcc",
    "cc",
    "nvcc",
    "git",
    "uname",
    "lscpu",
    "ldconfig",
    "file",
    "nvidia-smi",
    "fc-list",
)  # asked for their version


def _stop_before_training() -> None:
    """Ends trainings before their first step, when all is built."""
    from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop

    from cyclesr.engine.loop import ResumableTrainLoop

    def run(self: Any) -> None:
        raise SystemExit(0)

    for loop in (EpochBasedTrainLoop, IterBasedTrainLoop, ResumableTrainLoop):
        loop.run = run  # type: ignore[method-assign]


def _program(words: Any) -> str:
    """Returns the name of the program that is started, by a shell or not."""
    words = [words] if isinstance(words, str) else list(map(os.fsdecode, words))
    words = words[2].split() if words[1:2] == ["-c"] else words
    return os.path.basename(words[0]) if words else ""


def _watch_this_process(base: Path) -> list[str]:
    """Notes programs that are started, connections, unpickled classes, and changes outside the sandbox."""
    _stop_before_training()

    seen: list[str] = []
    allowed = (str(base), "/dev/null", "/dev/tty", "/dev/shm", "/proc/self")

    def outside(path: Any) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        return not os.path.abspath(os.fsdecode(path)).startswith(allowed)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[2], int) and args[2] & _WRITING and outside(args[0]):
            seen.append(f"wrote {args[0]!r}")
        elif event in _CHANGES and outside(args[0]):
            seen.append(f"{event} {args[0]!r}")
        elif event == "socket.connect":
            raise ConnectionRefusedError(111, "there is no network in the sandbox")
        elif event == "pickle.find_class" and args in _TENSORS:
            return
        elif event in _RUNS or (event == "subprocess.Popen" and _program(args[1]) not in _TOOLS):
            seen.append(f"{event} {args!r:.200}")

    sys.addaudithook(hook)
    os.environ |= dict(TMPDIR=str(base / "tmp"), HOME=str(base / "tmp"), MPLCONFIGDIR=str(base / "tmp"))
    (base / "tmp").mkdir(exist_ok=True)
    tempfile.tempdir = str(base / "tmp")
    return seen
