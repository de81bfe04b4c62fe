"""DIV2K and the tracks of NTIRE 2017 and 2018: names of the archives, their checksums and how to unpack them."""

import os
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from cyclesr.errors import UserError
from cyclesr.images.listing import SUFFIXES

ADDRESS = "https://data.vision.ee.ethz.ch/cvl/DIV2K/"

# Several independent download scripts publish these checksums and agree on them.
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

# Endings of the archives of each track. The tracks of 2018 exist only at x4.
TRACK_ENDINGS = {"ntire17_t2": "unknown_X{scale}", "ntire18_t2": "mild", "ntire18_t4": "wild"}


def archives(tracks: Iterable[str], scale: int = 4) -> list[str]:
    """Returns the names, without .zip, of the archives for these tracks: HR and LR, training and validation.

    Args:
        tracks: keys of ``TRACK_ENDINGS``.
        scale: HR size / LR size.

    Raises:
        UserError: a track is unknown or does not exist at this scale.
    """
    endings = ["HR"]
    for track in tracks:
        if track not in TRACK_ENDINGS:
            raise UserError(f"There is no track {track!r} of DIV2K: choose one of {', '.join(TRACK_ENDINGS)}.")
        if scale != 4 and track != "ntire17_t2":
            raise UserError(f"The track {track} exists only at scale 4, found scale {scale}.")
        endings.append("LR_" + TRACK_ENDINGS[track].format(scale=scale))
    names = [f"DIV2K_{part}_{ending}" for ending in endings for part in ("train", "valid")]
    unknown = [name for name in names if name not in MD5]
    if unknown:
        raise UserError(f"There is no archive {unknown[0]}.zip of DIV2K: the scale must be 2, 3 or 4, found {scale}.")
    return names


def folder_of(archive: str) -> str:
    """Returns the folder for an archive's images: DIV2K_train_LR_unknown/X4 for DIV2K_train_LR_unknown_X4."""
    head, _, scale = archive.rpartition("_X")
    return f"{head}/X{scale}" if head else archive


def unpack(archive: Path, folder: Path, watch: Callable[[list[str]], Iterable[str]] = iter) -> int:
    """Unpacks the images of an archive into one folder; folders inside the archive are ignored.

    Files that already exist with the right size are skipped, so that an interrupted run can be continued.

    Args:
        archive: zip file.
        folder: folder of the images, created if necessary.
        watch: wraps the names of the images, for a progress bar.

    Returns:
        The number of images in the archive.

    Raises:
        UserError: the archive is missing or damaged, or contains no images.
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
        raise UserError(f"There is no archive {archive}: download it first.") from error
    except (zipfile.BadZipFile, EOFError) as error:
        raise UserError(f"The archive {archive} is damaged: {error}. Download it again.") from error
    return len(members)


def _unpack_member(packed: zipfile.ZipFile, member: str, target: Path) -> None:
    if target.exists() and target.stat().st_size == packed.getinfo(member).file_size:
        return
    part = target.with_name(target.name + ".part")
    part.write_bytes(packed.read(member))
    os.replace(part, target)
