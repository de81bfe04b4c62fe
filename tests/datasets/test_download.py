"""Downloads from a local server: resuming, checksums, and the archives of DIV2K."""

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cyclesr.datasets.div2k import MD5, archives, folder_of, unpack
from cyclesr.datasets.download import download
from cyclesr.errors import UserError

CONTENT = bytes(range(256)) * 4000
GOOD = hashlib.md5(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT. ``cut`` interrupts the next answer after so many bytes; ``ranges`` enables HTTP Range."""

    cut = 0
    ranges = True
    asked: list[str | None]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        start = int(wanted[6:-1]) if wanted and self.server.ranges else 0
        if self.path != "/file":
            return self.send_error(404)
        if start >= len(CONTENT):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : self.server.cut or None])
        self.server.cut = 0
        return None

    def log_message(self, *args: object) -> None:
        """Logs nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url(server: Server, name: str = "file") -> str:
    return f"http://127.0.0.1:{server.server_port}/{name}"


def test_download_reports_progress(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    download(url(server), tmp_path / "new" / "f", GOOD, lambda *state: seen.append(state))
    assert (tmp_path / "new" / "f").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    download(url(server), tmp_path / "new" / "f", GOOD)
    assert server.asked == [None]  # the second call does not download again


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_resumes(server: Server, tmp_path: Path, ranges: bool) -> None:
    server.cut, server.ranges = 300_000, ranges
    with pytest.raises(UserError, match=r"interrupted.*300000 bytes"):
        download(url(server), tmp_path / "f", GOOD)
    assert not (tmp_path / "f").exists()
    download(url(server), tmp_path / "f", GOOD)
    assert server.asked == [None, "bytes=300000-"]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_complete_part_needs_no_download(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT)
    download(url(server), tmp_path / "f", GOOD)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"checksum 123, found {GOOD}"):
        download(url(server), tmp_path / "f", "123")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "f").write_bytes(b"old")
    with pytest.raises(UserError, match=f"checksum {GOOD}"):
        download(url(server), tmp_path / "f", GOOD)


def test_dead_addresses(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"404.*--archives"):
        download(url(server, "other"), tmp_path / "f", GOOD)
    with pytest.raises(UserError, match="interrupted"):
        download("http://127.0.0.1:9/x", tmp_path / "f", GOOD)


def test_an_address_without_a_scheme_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mild/DIV2K_train_HR\.zip.*https://"):
        download("mild/DIV2K_train_HR.zip", tmp_path / "a.zip", "0" * 32)


def test_archives_of_the_tracks() -> None:
    assert archives(["ntire17_t2"], 2) == [
        "DIV2K_train_HR", "DIV2K_valid_HR", "DIV2K_train_LR_unknown_X2", "DIV2K_valid_LR_unknown_X2",
    ]  # fmt: skip
    every = archives(["ntire17_t2", "ntire18_t2", "ntire18_t4"])
    assert len(every) == 8
    assert set(every) <= MD5.keys()
    assert folder_of("DIV2K_train_LR_unknown_X4") == "DIV2K_train_LR_unknown/X4"
    assert folder_of("DIV2K_valid_LR_mild") == "DIV2K_valid_LR_mild"
    for tracks, scale, message in (
        (["t9"], 4, "'t9'.*ntire17_t2"),
        (["ntire18_t2"], 2, r"ntire18_t2.*scale 4.*scale 2"),
        (["ntire17_t2"], 5, "X5"),
    ):
        with pytest.raises(UserError, match=message):
            archives(tracks, scale)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_unpack_flattens_and_stays_inside(tmp_path: Path) -> None:
    members = {"X/Y/0001.png": b"one", "../../0002.png": b"two", "__MACOSX/X/._1.png": b"x", "readme.txt": b"x"}
    archive = zipped(tmp_path / "a.zip", members)
    assert unpack(archive, tmp_path / "out" / "deep") == 2
    assert {p.name: p.read_bytes() for p in (tmp_path / "out" / "deep").iterdir()} == {
        "0001.png": b"one",
        "0002.png": b"two",
    }
    assert not (tmp_path / "0002.png").exists()


def test_unpack_continues_an_interrupted_run(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"1.png": b"one", "2.png": b"two"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "1.png").write_bytes(b"ONE")  # kept, because it has the right size
    (tmp_path / "out" / "2.png").write_bytes(b"t")
    unpack(archive, tmp_path / "out")
    assert [(tmp_path / "out" / name).read_bytes() for name in ("1.png", "2.png")] == [b"ONE", b"two"]


def test_bad_archives(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    zipped(tmp_path / "empty.zip", {"readme.txt": b""})
    for name, message in (("bad", "is damaged"), ("absent", "no archive"), ("empty", "holds no image")):
        with pytest.raises(UserError, match=message):
            unpack(tmp_path / f"{name}.zip", tmp_path / "out")
