"""What every translator offers."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.norms import mixes_images

DirectionWeights: TypeAlias = float | Mapping[str, float]


class Translation(NamedTuple):
    """Images of one pass, ``(N, 3, h, w)`` in [0, 1] each.

    Attributes:
        fake_real: G1(syn), real-looking LR.
        fake_syn: G2(real), cleaned real LR; None, like the next two, of a one-sided translator.
        rec_syn: G2(G1(syn)).
        rec_real: G1(G2(real)).
        extra: what the losses of one kind of translator need besides.
    """

    fake_real: Tensor
    fake_syn: Tensor | None = None
    rec_syn: Tensor | None = None
    rec_real: Tensor | None = None
    extra: Mapping[str, Tensor] = {}

    def fakes(self) -> dict[str, Tensor]:
        """The translated images by the domain whose discriminator judges them: ``real``, ``syn``; those there are."""
        return present(real=self.fake_real, syn=self.fake_syn)

    def reconstructions(self) -> dict[str, Tensor]:
        """The ends of the cycles by domain, ``syn`` and ``real``; empty of a one-sided translator."""
        return present(syn=self.rec_syn, real=self.rec_real)


def present(**images: Tensor | None) -> dict[str, Tensor]:
    """Those images that are not None, by name."""
    return {domain: image for domain, image in images.items() if image is not None}


class Translator(nn.Module, ABC):
    """Learns syn -> real, and real -> syn where it has cycles, from unpaired images (Sec. 3.2).

    A one-sided translator has ``to_real`` and the discriminator ``real`` alone, and its :class:`Translation` has no
    more than ``fake_real`` and ``extra``. All that others ask of a translator is G1.

    Attributes:
        from_hr: G1 takes ``hr`` in place of ``syn``, and downsamples by itself; see :meth:`source`.
        generators: all that the generators' optimizer trains; ``to_real`` (G1) and, of two sides, ``to_syn`` (G2).
        discriminators: ``real`` (D1) and, of two sides, ``syn`` (D2); or empty.
    """

    from_hr: ClassVar[bool] = False
    generators: nn.ModuleDict
    discriminators: nn.ModuleDict

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Takes the method's former name from classes written for the last release, with a warning."""
        super().__init_subclass__(**arguments)
        if "held_fake_real" in vars(cls):
            message = f"{cls.__name__}.held_fake_real is now called fake_real_for_sr; rename the method."
            warnings.warn(message, FutureWarning, stacklevel=2)
            cls.fake_real_for_sr = vars(cls)["held_fake_real"]  # type: ignore[method-assign]

    def source(self, syn: Tensor, hr: Tensor) -> Tensor:
        """What :meth:`translate` and :meth:`degrade` take as their first image: ``syn``, or ``hr`` if ``from_hr``."""
        return hr if self.from_hr else syn

    @abstractmethod
    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """All images that the losses of a step need, with their graph."""

    @abstractmethod
    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The terms of Eq. (2), weighted; keys ``loss_*``."""

    @abstractmethod
    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """What the discriminators minimise; keys ``loss_*``. The images are taken as constants."""

    def fake_real_for_sr(self, t: Translation) -> Tensor:
        """``fake_real`` as the SR network sees it in training; its gradient is the feedback to G1, Eq. (5).

        Where ``extra`` has ``quiet_real``, ``fake_real`` less its noise, the noise is a constant to the feedback.
        """
        return straight_through(t.fake_real, t.extra["quiet_real"]) if "quiet_real" in t.extra else t.fake_real

    def degrade(self, syn: Tensor) -> Tensor:
        """G1 for inference: ``fake_real`` of ``syn`` ``(N, 3, h, w)``; fresh noise if G1 takes noise."""
        return self.generators["to_real"](syn)


def by_direction(name: str, weight: DirectionWeights) -> dict[str, float]:
    """Weights of a loss on ``syn`` and on ``real`` images, from one number or ``dict(syn=, real=)``.

    Raises:
        UserError: a dict with other keys.
    """
    if not isinstance(weight, Mapping):
        return {"syn": float(weight), "real": float(weight)}
    if set(weight) != {"syn", "real"}:
        raise UserError(f"{name} must be a number or dict(syn=..., real=...), found the keys {sorted(weight)}.")
    return {key: float(weight[key]) for key in ("syn", "real")}


def with_defaults(defaults: Mapping[str, Any], config: Mapping[str, Any] | None) -> dict[str, Any]:
    """A network's config, with defaults for what it leaves out where it is of their ``type`` or of none."""
    given = config or {}
    return {**defaults, **given} if given.get("type", defaults["type"]) == defaults["type"] else dict(given)


def check_free_noise(free_noise: bool, noise_channels: int) -> None:
    """Raises a UserError for noise to be set free where there is none."""
    if free_noise and not noise_channels:
        raise UserError("free_noise=True needs a generator with noise, found noise_channels=0: set it to 1.")


def straight_through(value: Tensor, path: Tensor) -> Tensor:
    """The numbers of ``value``, with the gradient of ``path``."""
    return path + (value - path).detach()


def batched(network: nn.Module, *calls: tuple[Tensor, ...], run: Callable[..., Any] | None = None) -> list[Any]:
    """Outputs of several calls, in one pass where that gives the same numbers.

    Batch norm would mix their statistics, and images of different sizes cannot be joined: those run one by one.

    Args:
        network: returns a tensor or, like a discriminator of several scales, a list of tensors.
        calls: the arguments of each call.
        run: what to call in place of the network: a method of it.
    """
    run = run or network
    if len(calls) == 1 or mixes_images(network) or len({tuple(x.shape[1:] for x in call) for call in calls}) > 1:
        return [run(*call) for call in calls]
    joined = run(*(torch.cat(arguments) for arguments in zip(*calls, strict=True)))
    sizes = [len(call[0]) for call in calls]
    if isinstance(joined, Tensor):
        return list(joined.split(sizes))
    return [list(scales) for scales in zip(*(scale.split(sizes) for scale in joined), strict=True)]


def one_or_both(network: nn.Module, image: Tensor, other: Tensor, both: bool) -> tuple[Tensor, Tensor | None]:
    """What a network makes of an image, and of another one where both are wanted; see :func:`batched`."""
    if not both:
        return network(image), None
    made, made_of_other = batched(network, (image,), (other,))
    return made, made_of_other
