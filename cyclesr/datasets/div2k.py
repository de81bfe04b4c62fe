"""DIV2K and the tracks of NTIRE 2017 and 2018: archives, and the folders that they become."""

import os
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from cyclesr.errors import UserError
from cyclesr.images.listing import SUFFIXES

ADDRESS = "https://data.vision.ee.ethz.ch/cvl/DIV2K/"

# As published by several independent download scripts, which agree.
MD5 = {
    "DIV2K_train_HR": "bdc2d9338d4e574fe81bf7d158758658",
    "DIV2K_valid_HR": "9fcdda83005c5e5997799b69f955ff88",
    "DIV2K_train_LR_unknown_X2": "1396d023072c9aaeb999c28b81315233",
    "DIV2K_valid_LR_unknown_X2": "d319bd9033573d21de5395e6454f34f8",
    "DIV2K_train_LR_unknown_X3": "4e651308aaa54d917fb1264395b7f6fa",
    "DIV2K_valid_LR_unknown_X3": "05184168e3608b5c539fbfb46bcade4f",
    "DIV2K_train_LR_unknown_X4": "e3c7febb1b3f78bd30f9ba15fe8e3956",
    "DIV2K_valid_LR_unknown_X4": "8ac3413102bb3d0adc67012efb8a6c94",
    "DIV2K_train_LR_mild": "807b3e3a5156f35bd3a86c5bbfb674bc",
    "DIV2K_valid_LR_mild": "8c433f812ca532eed62c11ec0de08370",
    "DIV2K_train_LR_wild": "d00982366bffee7c4739ba7ff1316b3b",
    "DIV2K_valid_LR_wild": "aacae8db6bec39151ca5bb9c80bf2f6c",
}

# Track of a challenge -> ending of its archives. The 2018 tracks exist at x4 only.
TRACK_ENDINGS = {"ntire17_t2": "unknown_X{scale}", "ntire18_t2": "mild", "ntire18_t4": "wild"}


def archives(tracks: Iterable[str], scale: int = 4) -> list[str]:
    """Names, without .zip, of the archives that these tracks need: HR and LR, training and validation.

    Raises:
        UserError: no such track at this scale.
    """
    endings = ["HR"]
    for track in tracks:
        if track not in TRACK_ENDINGS:
            raise UserError(f"DIV2K has no track {track!r} here; choose from {', '.join(TRACK_ENDINGS)}.")
        if scale != 4 and track != "ntire17_t2":
            raise UserError(f"The track {track} exists at scale 4 only, not {scale}.")
        endings.append("LR_" + TRACK_ENDINGS[track].format(scale=scale))
    names = [f"DIV2K_{part}_{ending}" for ending in endings for part in ("train", "valid")]
    unknown = [name for name in names if name not in MD5]
    if unknown:
        raise UserError(f"DIV2K has no archive {unknown[0]}.zip; scales are 2, 3 and 4.")
    return names


def folder_of(archive: str) -> str:
    """Where an archive's images go: ``DIV2K_train_LR_unknown_X4`` -> ``DIV2K_train_LR_unknown/X4``."""
    head, _, scale = archive.rpartition("_X")
    return f"{head}/X{scale}" if head else archive


def unpack(archive: Path, folder: Path, watch: Callable[[list[str]], Iterable[str]] = iter) -> int:
    """Unpacks the images of an archive into one folder, whatever folders it has inside.

    Images that lie there with the right size are left alone, so a broken-off run goes on where it stopped.

    Returns:
        Number of images.

    Raises:
        UserError: the archive is missing, damaged or without images.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [n for n in packed.namelist() if n.lower().endswith(SUFFIXES) and not n.startswith("__MACOSX")]
            if not members:
                raise UserError(f"The archive {archive} holds no image.")
            folder.mkdir(parents=True, exist_ok=True)
            for member in watch(members):
                _unpack_member(packed, member, folder / PurePosixPath(member).name)
    except FileNotFoundError as error:
        raise UserError(f"There is no archive {archive}.") from error
    except (zipfile.BadZipFile, EOFError) as error:
        raise UserError(f"The archive {archive} is damaged: {error}. Fetch it again.") from error
    return len(members)


def _unpack_member(packed: zipfile.ZipFile, member: str, target: Path) -> None:
    if target.exists() and target.stat().st_size == packed.getinfo(member).file_size:
        return
    part = target.with_name(target.name + ".part")
    part.write_bytes(packed.read(member))
    os.replace(part, target)
