"""The interface of translators, and the helpers that they share."""

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
    """The images of one pass, each ``(N, 3, h, w)`` in [0, 1].

    Attributes:
        fake_real: G1(syn), real-looking LR.
        fake_syn: G2(real), cleaned real LR; None, like the next two, for a one-sided translator.
        rec_syn: G2(G1(syn)).
        rec_real: G1(G2(real)).
        extra: further tensors that the losses of this kind of translator need.
    """

    fake_real: Tensor
    fake_syn: Tensor | None = None
    rec_syn: Tensor | None = None
    rec_real: Tensor | None = None
    extra: Mapping[str, Tensor] = {}

    def fakes(self) -> dict[str, Tensor]:
        """Returns the translated images there are, by the domain whose discriminator judges them: ``real``, ``syn``."""
        return present(real=self.fake_real, syn=self.fake_syn)

    def reconstructions(self) -> dict[str, Tensor]:
        """Returns the reconstructions there are by domain, ``syn`` and ``real``; none for a one-sided translator."""
        return present(syn=self.rec_syn, real=self.rec_real)


def present(**images: Tensor | None) -> dict[str, Tensor]:
    """Returns the images that are not None, by name."""
    return {domain: image for domain, image in images.items() if image is not None}


class Translator(nn.Module, ABC):
    """Learns syn -> real, and real -> syn if it has cycles, from unpaired images (Sec. 3.2).

    A one-sided translator has only ``to_real`` and the discriminator ``real``, and its :class:`Translation` holds only
    ``fake_real`` and ``extra``. The rest of the library needs only G1 of a translator.

    Attributes:
        from_hr: G1 takes ``hr`` instead of ``syn`` and downsamples it itself; see :meth:`source`.
        generators: what the optimizer ``generators`` trains: ``to_real`` (G1) and, with two sides, ``to_syn`` (G2).
        discriminators: ``real`` (D1) and, with two sides, ``syn`` (D2); may be empty.
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
        """Returns what :meth:`translate` and :meth:`degrade` take as first image: ``syn``, or ``hr`` if ``from_hr``."""
        return hr if self.from_hr else syn

    @abstractmethod
    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes all images that the losses of a step need, with their graph."""

    @abstractmethod
    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the weighted terms of Eq. (2), scalars under keys ``loss_*``."""

    @abstractmethod
    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns what the discriminators minimise, scalars under keys ``loss_*``; the images are constants."""

    def fake_real_for_sr(self, t: Translation) -> Tensor:
        """Returns ``fake_real`` as the SR network sees it in training; its gradient is the feedback to G1, Eq. (5).

        If ``extra`` has ``quiet_real``, ``fake_real`` without its noise, the feedback takes the noise as a constant.
        """
        return straight_through(t.fake_real, t.extra["quiet_real"]) if "quiet_real" in t.extra else t.fake_real

    def degrade(self, syn: Tensor) -> Tensor:
        """Returns G1(syn) ``(N, 3, h, w)`` for inference, with fresh noise if G1 takes noise."""
        return self.generators["to_real"](syn)

    def expected(self, syn: Tensor) -> Tensor:
        """Returns :meth:`degrade` without its random part ``(N, 3, h, w)``, through which gradients pass.

        A translator that draws something (noise, kernels, styles) puts the mean of what it draws in its place, and
        leaves out the rounding of image files. By default it is :meth:`degrade`.
        """
        return self.degrade(syn)


def by_direction(name: str, weight: DirectionWeights) -> dict[str, float]:
    """Returns the weights of a loss on ``syn`` and on ``real`` images, given as one number or ``dict(syn=, real=)``.

    Raises:
        UserError: a dict with other keys.
    """
    if not isinstance(weight, Mapping):
        return {"syn": float(weight), "real": float(weight)}
    if set(weight) != {"syn", "real"}:
        raise UserError(f"{name} must be a number or dict(syn=..., real=...), found the keys {sorted(weight)}.")
    return {key: float(weight[key]) for key in ("syn", "real")}


def with_defaults(defaults: Mapping[str, Any], config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns a network's config with defaults for what it leaves out; a config of another ``type`` gets none."""
    given = config or {}
    return {**defaults, **given} if given.get("type", defaults["type"]) == defaults["type"] else dict(given)


def straight_through(value: Tensor, path: Tensor) -> Tensor:
    """Returns the numbers of ``value`` with the gradient of ``path``."""
    return path + (value - path).detach()


def batched(network: nn.Module, *calls: tuple[Tensor, ...], run: Callable[..., Any] | None = None) -> list[Any]:
    """Returns the outputs of several calls, made in one pass where that gives the same numbers.

    Batch norm would mix the statistics of the calls, and images of different sizes cannot be joined: these run one by
    one.

    Args:
        network: returns a tensor or, like a discriminator of several scales, a list of tensors.
        calls: the arguments of each call.
        run: a method of the network to call instead of the network itself.
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
    """Returns a network's output for an image, and if ``both`` for another one, else None; see :func:`batched`."""
    if not both:
        return network(image), None
    made, made_of_other = batched(network, (image,), (other,))
    return made, made_of_other
