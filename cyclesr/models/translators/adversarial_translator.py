"""What translators with discriminators share: their common arguments, and what these do."""

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.errors import UserError, require_rgb
from cyclesr.models.losses.gan import GANMode
from cyclesr.models.losses.pixel import low_pass_l1
from cyclesr.models.networks.image_channels import of_channels
from cyclesr.models.translators.adversarial import Adversarial
from cyclesr.models.translators.base import Translation, Translator
from cyclesr.models.translators.low_frequency_lock import LowFrequencyLock, check_side, lock_low_frequencies
from cyclesr.registry import MODELS


class AdversarialTranslator(Translator):
    """A translator that learns from discriminators.

    A subclass names only its own arguments and those whose defaults differ, and passes the others on as ``**shared``.
    Its signature shows them by name, so that the check of configs knows all of them.

    Args:
        residual: the generators predict the difference to their input, which is zero at the start.
        noise_channels: channels of fresh N(0, 1) noise that ``to_real`` takes in addition to the image. Without noise,
            a deterministic G1 cannot make sensor noise.
        free_noise: the SR network's feedback takes G1's noise as a constant. Noise makes SR harder whatever the SR
            network does, so that feedback works against it; with ``free_noise``, only the translator's own losses
            decide how strong it is.
        low_frequency_lock: odd side in LR pixels of the box whose mean is the low frequencies of an image: the
            generators keep those of their input, see
            :func:`~cyclesr.models.translators.low_frequency_lock.lock_low_frequencies`. No colour cast can then arise,
            neither in ``fake_real`` nor in SR. It holds for each generator and its own input, so that a reconstruction
            keeps the low frequencies of the fake that it is made from; the second generator can undo exactly what the
            first one did. 0 (the papers of all translators) leaves them free.
        low_frequency_weight: weight of the low-frequency loss of ADL (Son et al., TPAMI 2021): L1 between the means of
            ``fake_real`` and ``syn``, and of ``fake_syn`` and ``real``, over boxes that do not overlap. It discourages
            a cast where the lock excludes one. ADL has 100 beside an adversarial loss of weight 1.
        low_frequency_side: side of these boxes in LR pixels.
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: weight of the generators' adversarial loss; the discriminators' own loss is not scaled by
            it.
        r1_weight: half of it times the R1 penalty on real images is added to each discriminator's loss.
        image_channels: number of channels of the images.

    Attributes:
        any_channels: whether images may have another number of channels than 3.
        halved: whether the sum of a discriminator's real and fake term is halved.

    Raises:
        UserError: an unknown mode, ``free_noise`` without noise, a lock of an even side, or a number of channels that
            the translator does not take.
    """

    any_channels: ClassVar[bool] = False
    halved: ClassVar[bool] = False
    __signature__: ClassVar[inspect.Signature]

    def __init__(
        self,
        *,
        residual: bool = False,
        noise_channels: int = 0,
        free_noise: bool = False,
        low_frequency_lock: int = 0,
        low_frequency_weight: float = 0.0,
        low_frequency_side: int = 16,
        adversarial: GANMode = "lsgan",
        adversarial_weight: float = 1.0,
        r1_weight: float = 0.0,
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        if not self.any_channels:
            require_rgb(f"Translators of type {type(self).__name__}", image_channels)
        self.image_channels = image_channels
        if free_noise and not noise_channels:
            raise UserError("free_noise=True needs a generator with noise, found noise_channels=0: set it to 1.")
        check_side(low_frequency_lock)
        self.residual = residual
        self.noise_channels = noise_channels
        self.free_noise = free_noise
        self.low_frequency_lock = low_frequency_lock
        self.low_frequency_weight = low_frequency_weight
        self.low_frequency_side = low_frequency_side
        self.adversarial = Adversarial(adversarial, adversarial_weight, r1_weight, self.halved)

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Shows the arguments behind ``**shared`` in the signature of the subclass."""
        super().__init_subclass__(**arguments)
        if "__init__" in vars(cls):
            cls.__signature__ = _with_inherited(cls)

    def build_generators(self, config: Mapping[str, Any], *names: str, encoded: bool = False) -> nn.ModuleDict:
        """Builds generators from one config with ``type``, and locks them; only ``to_real`` takes noise.

        Args:
            config: of each of the generators.
            names: ``to_real``, ``to_syn``.
            encoded: see :meth:`lock_generators`.
        """
        config = {**of_channels(self.image_channels), **config}
        noise = {name: self.noise_channels if name == "to_real" else 0 for name in names}
        generators = nn.ModuleDict(
            {name: MODELS.build({**config, "residual": self.residual, "noise_channels": noise[name]}) for name in names}
        )
        self.lock_generators(*generators.values(), encoded=encoded)
        return generators

    def lock_generators(self, *generators: nn.Module, encoded: bool = False) -> None:
        """Makes generators that :meth:`build_generators` did not build obey ``low_frequency_lock``.

        Args:
            generators: networks whose first argument is the source image and which return the translated image.
            encoded: the translator encodes images itself and calls ``generator.decoder(code, image, ...)``. The
                decoders are locked instead, to their second argument.
        """
        if self.low_frequency_lock:
            for generator in generators:
                network = generator.get_submodule("decoder") if encoded else generator
                network.register_forward_hook(LowFrequencyLock(self.low_frequency_lock, int(encoded)))

    def locked(self, made: Tensor, image: Tensor) -> Tensor:
        """Applies ``low_frequency_lock`` to ``made`` ``(N, 3, h, w)``, which no generator's ``forward`` returned."""
        return lock_low_frequencies(made, image, self.low_frequency_lock) if self.low_frequency_lock else made

    def expected(self, source: Tensor) -> Tensor:
        """Returns G1(source) ``(N, 3, h, w)`` with all noise channels 0."""
        return self.generators["to_real"](source, noise_level=0.0) if self.noise_channels else self.degrade(source)

    def quiet_real(self, source: Tensor) -> Tensor | None:
        """Returns ``fake_real`` ``(N, 3, h, w)`` without its noise where ``free_noise`` needs it, else None."""
        return self.generators["to_real"](source, noise_level=0.0) if self.free_noise else None

    def shared_losses(
        self, syn: Tensor, real: Tensor, t: Translation, judged: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Returns the generators' losses that all translators have: adversarial and, if weighted, low-frequency terms.

        Args:
            syn: ``(N, 3, h, w)`` in [0, 1].
            real: ``(N, 3, h, w)`` in [0, 1].
            t: what was made of them.
            judged: fakes by discriminator, by default those of ``t``.

        Raises:
            UserError: the images are smaller than a box of the low-frequency loss.
        """
        losses = self.adversarial.generator_losses(self.discriminators, t.fakes() if judged is None else judged)
        if self.low_frequency_weight:
            sources = dict(real=syn, syn=real)
            for key, fake in t.fakes().items():
                losses[f"loss_low_frequency_{key}"] = self.low_frequency_weight * self._shift(fake, sources[key])
        return losses

    def _shift(self, made: Tensor, image: Tensor) -> Tensor:
        side, smallest = self.low_frequency_side, min(made.shape[-2:])
        if not 0 < side <= smallest:
            raise UserError(
                f"low_frequency_side is between 1 and the side of an LR crop, here {smallest} px, found {side}: change "
                "it or the crop."
            )
        return low_pass_l1(made, image, side, stride=side)

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the real and the fake term of each discriminator and the penalties that have a weight."""
        return self.adversarial.discriminator_losses(self.discriminators, dict(syn=syn, real=real), t.fakes())


def _with_inherited(cls: type) -> inspect.Signature:
    """Returns a class's signature with the inherited arguments by name in place of ``**shared``."""
    own = [p for name, p in inspect.signature(vars(cls)["__init__"]).parameters.items() if name != "self"]
    named = [p for p in own if p.kind is not p.VAR_KEYWORD]
    if len(named) == len(own):
        return inspect.Signature(own)
    base = next(parent for parent in cls.__mro__[1:] if "__init__" in vars(parent))
    inherited = [p for p in inspect.signature(base).parameters.values() if p.name not in {q.name for q in named}]
    by_name = [
        p.replace(kind=p.KEYWORD_ONLY) if p.kind is p.POSITIONAL_OR_KEYWORD else p
        for p in inherited
        if p.kind is not p.VAR_POSITIONAL
    ]
    return inspect.Signature([*named, *by_name])
