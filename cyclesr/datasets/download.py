"""Downloads that resume, and are checked before anybody sees them."""

import hashlib
import os
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from cyclesr.errors import UserError

_PIECE = 2**18

# Called with (bytes so far, bytes in all or None).
Progress = Callable[[int, int | None], None]


def download(url: str, target: Path, md5: str, progress: Progress = lambda done, total: None) -> None:
    """Fetches a file into ``target``, which appears only when whole and of the right checksum.

    What arrived before an interruption stays in ``target``.part; the next call asks for the rest (HTTP Range). A
    server that ignores that sends all of it again.

    Raises:
        UserError: the address does not answer, the connection broke, or the checksum is wrong.
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
            f"{url} answers {error.code} {error.reason}. Download it yourself and give --archives."
        ) from error
    except (URLError, HTTPException, OSError) as error:
        kept = part.stat().st_size if part.exists() else 0
        raise UserError(
            f"The download of {url} broke off: {error}. Run the command again; {kept} bytes are kept."
        ) from error
    try:
        check_md5(part, md5)
    except UserError:
        part.unlink()  # or the next call would add to a wrong beginning
        raise
    os.replace(part, target)


def _fetch(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urlopen(request, timeout=60)
    except HTTPError as error:
        if error.code == 416 and have:  # nothing is left to send
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
        raise URLError(f"{done} of {total} bytes arrived")


def check_md5(path: Path, md5: str) -> None:
    """Compares a file's checksum.

    Raises:
        UserError: it differs.
    """
    with path.open("rb") as file:
        found = hashlib.md5(usedforsecurity=False)
        while piece := file.read(_PIECE):
            found.update(piece)
    if found.hexdigest() != md5:
        raise UserError(
            f"{path} has the checksum {found.hexdigest()}, not {md5}: it is damaged. Remove it and fetch it again."
        )
