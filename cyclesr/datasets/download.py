"""Downloads that can be resumed and whose checksums are verified."""

import hashlib
import os
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from cyclesr.errors import UserError

_PIECE = 2**18

# Called with the number of bytes so far and in total, if known.
Progress = Callable[[int, int | None], None]


def download(url: str, target: Path, md5: str, progress: Progress = lambda done, total: None) -> None:
    """Downloads a file to ``target``, which appears only when it is complete and its checksum is right.

    After an interruption, the received part is kept in ``<target>.part`` and the next call requests the rest (HTTP
    Range). If the server ignores the range, the whole file is downloaded again.

    Args:
        url: address of the file.
        target: path of the file. If it exists, only its checksum is verified.
        md5: expected MD5 checksum, hexadecimal.
        progress: called with the number of bytes so far and in total (None if unknown).

    Raises:
        UserError: the address is none or does not respond, the connection is interrupted, or the checksum is wrong.
    """
    if target.exists():
        check_md5(target, md5)
        return
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _fetch(url, part, progress)
    except HTTPError as error:
        raise UserError(
            f"{url} answers {error.code} {error.reason}: download it by other means and pass its folder as --archives."
        ) from error
    except ValueError as error:
        raise UserError(f"{url} is no address: begin it with https:// or http://.") from error
    except (URLError, HTTPException, OSError) as error:
        kept = part.stat().st_size if part.exists() else 0
        raise UserError(
            f"The download of {url} was interrupted: {error}. Run the command again to continue after {kept} bytes."
        ) from error
    try:
        check_md5(part, md5)
    except UserError:
        part.unlink()  # otherwise the next call would append to corrupt data
        raise
    os.replace(part, target)


def _fetch(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urlopen(request, timeout=60)
    except HTTPError as error:
        if error.code == 416 and have:  # the part is already complete
            return
        raise
    with answer, part.open("ab" if answer.status == 206 else "wb") as file:
        done = file.tell()
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else None
        while piece := answer.read(_PIECE):
            file.write(piece)
            done += len(piece)
            progress(done, total)
    if total is not None and done < total:
        raise URLError(f"received {done} of {total} bytes")


def check_md5(path: Path, md5: str) -> None:
    """Verifies the checksum of a file.

    Raises:
        UserError: the checksum differs from ``md5``.
    """
    with path.open("rb") as file:
        found = hashlib.md5(usedforsecurity=False)
        while piece := file.read(_PIECE):
            found.update(piece)
    if found.hexdigest() != md5:
        raise UserError(
            f"{path} must have the checksum {md5}, found {found.hexdigest()}: remove the file and download it again."
        )
