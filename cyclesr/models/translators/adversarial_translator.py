"""What translators with discriminators share: their common arguments, and what these do."""

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.gan import GANMode
from cyclesr.models.translators.adversarial import Adversarial
from cyclesr.models.translators.base import Translation, Translator
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
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: weight of the generators' adversarial loss; the discriminators' own loss is not scaled by
            it.
        r1_weight: half of it times the R1 penalty on real images is added to each discriminator's loss.

    Attributes:
        halved: whether the sum of a discriminator's real and fake term is halved.

    Raises:
        UserError: an unknown mode, or ``free_noise`` without noise.
    """

    halved: ClassVar[bool] = False
    __signature__: ClassVar[inspect.Signature]

    def __init__(
        self,
        *,
        residual: bool = False,
        noise_channels: int = 0,
        free_noise: bool = False,
        adversarial: GANMode = "lsgan",
        adversarial_weight: float = 1.0,
        r1_weight: float = 0.0,
    ) -> None:
        super().__init__()
        if free_noise and not noise_channels:
            raise UserError("free_noise=True needs a generator with noise, found noise_channels=0: set it to 1.")
        self.residual = residual
        self.noise_channels = noise_channels
        self.free_noise = free_noise
        self.adversarial = Adversarial(adversarial, adversarial_weight, r1_weight, self.halved)

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Shows the arguments behind ``**shared`` in the signature of the subclass."""
        super().__init_subclass__(**arguments)
        if "__init__" in vars(cls):
            cls.__signature__ = _with_inherited(cls)

    def build_generators(self, config: Mapping[str, Any], *names: str) -> nn.ModuleDict:
        """Builds generators from one config with ``type``; only ``to_real`` takes noise."""
        noise = {name: self.noise_channels if name == "to_real" else 0 for name in names}
        return nn.ModuleDict(
            {name: MODELS.build({**config, "residual": self.residual, "noise_channels": noise[name]}) for name in names}
        )

    def quiet_real(self, source: Tensor) -> Tensor | None:
        """Returns ``fake_real`` ``(N, 3, h, w)`` without its noise where ``free_noise`` needs it, else None."""
        return self.generators["to_real"](source, noise_level=0.0) if self.free_noise else None

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
