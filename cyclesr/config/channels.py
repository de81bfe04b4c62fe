"""The number of channels of the images of an experiment: said once, it reaches every part that takes it."""

from collections.abc import Iterator

from mmengine.config import Config

from cyclesr.config.parts import Part, parts_of
from cyclesr.config.scale import judge_of, takes
from cyclesr.errors import UserError

_ARGUMENT = "image_channels"
_NETWORKS = ("model.translator", "model.sr", "model.sr_adversarial.discriminator")


def fill_channels(config: Config) -> None:
    """Gives the config's ``channels`` to each part that takes ``image_channels`` and does not say it itself.

    These are the translator, the SR network, the discriminator of SR images and the data sets. What a part says itself
    stays as it is; :func:`check_channels` refuses it where it contradicts.

    Args:
        config: changed in place; one without ``channels`` keeps what its parts say.

    Raises:
        UserError: ``channels`` is not a whole number from 1 on.
    """
    channels = config.get("channels")
    if channels is None:
        return
    if isinstance(channels, bool) or not isinstance(channels, int) or channels < 1:
        raise UserError(f"channels must be a whole number from 1 on, found {channels!r}.")
    for part in _parts(config):
        if channels != 3 and takes(_ARGUMENT, part):
            part.config.setdefault(_ARGUMENT, channels)


def check_channels(config: Config) -> None:
    """Looks for parts that contradict each other, and for networks of this library that only take RGB images.

    Raises:
        UserError: there are some; the message names them.
    """
    said = {part.path: part.config.get(_ARGUMENT, 3) for part in _parts(config) if takes(_ARGUMENT, part)}
    channels = config.get("channels", max(said.values(), key=lambda value: value != 3, default=3))
    for path, found in said.items():
        if found != channels:
            raise UserError(
                f"All parts of an experiment have one number of channels; {path}.{_ARGUMENT} is {found}, not "
                f"{channels}. Give 'channels' once, at the top of the config, and leave it out of the parts."
            )
    for part in _parts(config) if channels != 3 else ():
        if part.path in _NETWORKS and not takes(_ARGUMENT, part) and _is_ours(part):
            raise UserError(
                f"{part.config['type']} ({part.path}) works on RGB images only, but the config has "
                f"channels={channels}: choose another one; docs/channels.md lists those that take it."
            )


def _parts(config: Config) -> Iterator[Part]:
    yield from parts_of(config)
    if (judge := judge_of(config)) is not None:
        yield judge


def _is_ours(part: Part) -> bool:
    kind = part.kind.get(part.config["type"])
    return str(getattr(kind, "__module__", "")).startswith("cyclesr.")
