"""Networks of the package spandrel, https://github.com/chaiNNer-org/spandrel: SwinIR, HAT, DAT, SPAN, RealPLKSR ..."""

import importlib.util
import inspect
import warnings
from contextlib import suppress
from math import lcm
from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.descriptions import Variant
from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.backbones.padded import mirror_to_fit
from cyclesr.models.backbones.spandrel_architectures import (
    ARCHITECTURES,
    Architecture,
    architecture_class,
    with_defaults,
)
from cyclesr.models.backbones.spandrel_weights import recognise
from cyclesr.models.backbones.upsampling import factors
from cyclesr.registry import SR_BACKBONES

GRL_TABLES = ("table_w", "table_sh", "index_sh_a2w")  # buffers from whose shapes spandrel reads the window sizes
WINDOWS = ("window_size", "split_size", "split_size_0", "split_size_1", "stripe_size")


@SR_BACKBONES.register_module()
class Spandrel(nn.Module):
    """A network of spandrel (``pip install 'cyclesr[spandrel]'``) with fresh weights, for images of any size.

    Images are mirrored at the bottom and right up to a size that the architecture supports, and the result is cropped.

    Args:
        scale: 2, 3, 4 or 8; some architectures support fewer.
        arch: ATD, CRAFT, Compact, DAT, DCTLSA, DITN, DRCT, ESRGAN, FDAT, GRL, HAT, MoESR, MoSR, OmniSR, PLKSR, RCAN,
            RGT, RealPLKSR, SAFMN, SPAN, SeemoRe, SwiftSRGAN, Swin2SR or SwinIR.
        **hyperparameters: arguments of the architecture's constructor, without its scale. The defaults are spandrel's
            with these exceptions: ``upsampler`` is ``pixelshuffle`` where spandrel's default is empty; the windows of
            SwinIR and Swin2SR have 8 pixels and those of HAT have 16, instead of 7; GRL shifts its stripes.

    Raises:
        UserError: spandrel is not installed, or does not have this architecture, scale or hyperparameter.
    """

    TINY: ClassVar[dict[str, Any]] = dict(arch="SwinIR", embed_dim=8, depths=(1,), num_heads=(2,), window_size=4)

    def __init__(self, scale: int, arch: str = "SwinIR", **hyperparameters: Any) -> None:
        super().__init__()
        self.scale = scale
        found = _found(arch, scale)
        build = architecture_class(arch, found)
        arguments = _arguments(arch, found, build, hyperparameters)
        # Real-ESRGAN's x2 network enlarges four times what was reduced by two.
        arguments[found.scale] = scale * (arguments.get("shuffle_factor") or 1)
        self.multiple = lcm(found.multiple, arguments[found.window] if found.window else 1)
        windows = [side for name in WINDOWS for side in _sides(arguments.get(name))]
        self.smallest = max(found.smallest, *windows, 1)
        try:
            with warnings.catch_warnings():  # about deprecated torch calls in spandrel's constructors
                warnings.simplefilter("ignore")
                self.network: nn.Module = build(**arguments)
        except Exception as error:  # any kind: spandrel's constructors do not check their arguments
            raise UserError(f"spandrel's {arch} cannot be built with {hyperparameters}: {error}") from error
        for name, parameter in self.named_parameters():
            if ".eval_conv." in name:  # SPAN computes these from the convolutions that it trains
                parameter.requires_grad_(False)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        padded = mirror_to_fit(lr, self.multiple, self.smallest)
        sr = self.network(padded.clone())  # RCAN multiplies its input in place
        return sr[..., : lr.shape[-2] * self.scale, : lr.shape[-1] * self.scale]

    @classmethod
    def variants(cls) -> list[Variant]:
        """Returns what the catalogue shows of each architecture.

        The list is empty if spandrel is not installed.
        """
        there = importlib.util.find_spec("spandrel") is not None
        every = ARCHITECTURES.items() if there else ()
        return [Variant(dict(arch=name, **dict(a.needed)), a.summary, a.paper) for name, a in every]

    def from_public(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Renames the weights of the architecture itself for this network, also those of its other releases."""
        weights = {name: value for name, value in weights.items() if name not in GRL_TABLES}  # which are computed
        if weights.keys() != self.network.state_dict().keys():
            with suppress(UserError):  # whoever loads them says what does not fit
                weights = recognise(weights, "the file").weights
        return {f"network.{name}": value for name, value in weights.items()}

    def to_public(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Reverts :meth:`from_public` and adds the buffers from which spandrel reads the window sizes of GRL."""
        tables = {name: value for name, value in self.network.named_buffers() if name in GRL_TABLES}
        return {**tables, **{name.removeprefix("network."): value for name, value in weights.items()}}


def _found(arch: str, scale: int) -> Architecture:
    if arch not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        near = did_you_mean(str(arch), ARCHITECTURES)
        raise UserError(f"There is no arch {arch!r}.{near} Supported architectures: {known}.")
    factors(scale)  # raises UserError for scales that no network has
    scales = ARCHITECTURES[arch].scales
    if scale not in scales:
        raise UserError(f"{arch} supports the scales {', '.join(map(str, scales))}, found {scale}.")
    return ARCHITECTURES[arch]


def _arguments(arch: str, found: Architecture, build: type[nn.Module], given: dict[str, Any]) -> dict[str, Any]:
    """Completes the given arguments with the defaults.

    Raises:
        UserError: an unknown argument, or one without a value.
    """
    known = [name for name in inspect.signature(build).parameters if name != found.scale]
    for name in given:
        if name not in known:
            taken = ["scale", "arch", *known]
            near = did_you_mean(name, taken)
            raise UserError(
                f"Spandrel with arch={arch!r} takes no argument {name!r}.{near} It takes: {', '.join(taken)}."
            )
    arguments = with_defaults(found, build, given)
    missing = [name for name, value in arguments.items() if value is inspect.Parameter.empty]
    if missing:
        raise UserError(f"{arch} needs a value for {', '.join(missing)}.")
    return arguments


def _sides(window: Any) -> list[int]:
    return [window] if isinstance(window, int) else [side for side in window or () if isinstance(side, int)]
