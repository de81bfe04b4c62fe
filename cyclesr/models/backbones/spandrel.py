"""Networks of the package spandrel, https://github.com/chaiNNer-org/spandrel: SwinIR, HAT, DAT, SPAN, RealPLKSR ..."""

import importlib
import inspect
import warnings
from math import lcm
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.backbones.padded import mirror_to_fit
from cyclesr.models.backbones.upsampling import factors
from cyclesr.registry import SR_BACKBONES


class Architecture(NamedTuple):
    """What spandrel leaves to the caller of an architecture's constructor."""

    scale: str  # the constructor's word for it
    smallest: int = 1  # side of an image in LR pixels
    multiple: int = 1  # both sides are multiples of it
    window: str = ""  # and of this argument
    scales: tuple[int, ...] = (2, 3, 4, 8)
    package: str = ""  # if its name is another
    defaults: tuple[tuple[str, Any], ...] = ()  # where its own fail, or are lost when spandrel reads the weights


ARCHITECTURES = {
    "ATD": Architecture("upscale", smallest=8),
    "CRAFT": Architecture("upscale", multiple=16),
    "Compact": Architecture("upscale"),
    "DAT": Architecture("upscale", smallest=16),
    "DCTLSA": Architecture("upscale", smallest=16),
    "DITN": Architecture("upscale", window="patch_size"),
    "DRCT": Architecture("upscale", multiple=16, window="window_size"),
    "ESRGAN": Architecture("scale", smallest=2, scales=(2, 4, 8)),
    "FDAT": Architecture("scale", scales=(2, 3, 4)),
    "GRL": Architecture("upscale", defaults=(("stripe_shift", True),)),
    "HAT": Architecture("upscale", smallest=16, defaults=(("window_size", 16),)),
    "MoESR": Architecture("scale", smallest=2),
    "MoSR": Architecture("upscale"),
    "OmniSR": Architecture("up_scale", smallest=16),
    "PLKSR": Architecture("upscaling_factor"),
    "RCAN": Architecture("scale"),
    "RGT": Architecture("upscale", smallest=16),
    "RealPLKSR": Architecture("upscaling_factor", package="PLKSR"),
    "SAFMN": Architecture("upscaling_factor", multiple=8),
    "SPAN": Architecture("upscale"),
    "SeemoRe": Architecture("scale", smallest=16),
    "SwiftSRGAN": Architecture("upscale_factor", scales=(2, 4, 8)),
    "Swin2SR": Architecture("upscale", smallest=16, defaults=(("window_size", 8),)),
    "SwinIR": Architecture("upscale", smallest=16, defaults=(("window_size", 8),)),
}
GRL_TABLES = ("table_w", "table_sh", "index_sh_a2w")  # no weights: from their shapes spandrel reads the windows
WINDOWS = ("window_size", "split_size", "split_size_0", "split_size_1", "stripe_size")
PLANES = ("num_in_ch", "num_out_ch")


@SR_BACKBONES.register_module()
class Spandrel(nn.Module):
    """A network of spandrel (``pip install 'cyclesr[spandrel]'``) with fresh weights, for images of any size.

    Images are mirrored at the bottom and right up to the size that the architecture takes, and the result is cut.

    Args:
        scale: 2, 3, 4 or 8; some architectures have fewer.
        arch: ATD, CRAFT, Compact, DAT, DCTLSA, DITN, DRCT, ESRGAN, FDAT, GRL, HAT, MoESR, MoSR, OmniSR, PLKSR, RCAN,
            RGT, RealPLKSR, SAFMN, SPAN, SeemoRe, SwiftSRGAN, Swin2SR or SwinIR.
        **hyperparameters: of the architecture's constructor, less its scale. The defaults are spandrel's, except that
            ``upsampler`` is ``pixelshuffle`` where spandrel's default is none, Swin's windows have 8 pixels and HAT's
            16, not 7, and GRL shifts its stripes.

    Raises:
        UserError: spandrel is not installed, or knows no such architecture, scale or hyperparameters.
    """

    TINY: ClassVar[dict[str, Any]] = dict(arch="SwinIR", embed_dim=8, depths=(1,), num_heads=(2,), window_size=4)

    def __init__(self, scale: int, arch: str = "SwinIR", **hyperparameters: Any) -> None:
        super().__init__()
        self.scale = scale
        found = _found(arch, scale)
        build = _constructor(arch, found)
        arguments = _arguments(arch, found, build, hyperparameters) | {found.scale: scale}
        self.multiple = lcm(found.multiple, arguments[found.window] if found.window else 1)
        windows = [side for name in WINDOWS for side in _sides(arguments.get(name))]
        self.smallest = max(found.smallest, *windows, 1)
        try:
            with warnings.catch_warnings():  # of how those constructors call torch
                warnings.simplefilter("ignore")
                self.network: nn.Module = build(**arguments)
        except Exception as error:  # of any kind: no constructor there checks its arguments
            raise UserError(f"spandrel's {arch} cannot be built with {hyperparameters}: {error}") from error
        for name, parameter in self.named_parameters():
            if ".eval_conv." in name:  # SPAN computes these from the convolutions that it trains
                parameter.requires_grad_(False)

    def forward(self, lr: Tensor) -> Tensor:
        """``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, in [0, 1] up to over- and undershoot."""
        padded = mirror_to_fit(lr, self.multiple, self.smallest)
        sr = self.network(padded.clone())  # RCAN multiplies its input in place
        return sr[..., : lr.shape[-2] * self.scale, : lr.shape[-1] * self.scale]

    def from_public(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weights of the architecture itself under the names of this network."""
        return {f"network.{name}": value for name, value in weights.items()}

    def to_public(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """The opposite of :meth:`from_public`, with what tells spandrel the windows of GRL."""
        tables = {name: value for name, value in self.network.named_buffers() if name in GRL_TABLES}
        return {**tables, **{name.removeprefix("network."): value for name, value in weights.items()}}


def _found(arch: str, scale: int) -> Architecture:
    if arch not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise UserError(f"There is no arch {arch!r}.{did_you_mean(str(arch), ARCHITECTURES)} spandrel has: {known}.")
    factors(scale)  # refuses what no network has
    scales = ARCHITECTURES[arch].scales
    if scale not in scales:
        raise UserError(f"{arch} has the scales {', '.join(map(str, scales))}, found {scale}.")
    return ARCHITECTURES[arch]


def _constructor(arch: str, found: Architecture) -> type[nn.Module]:
    try:
        importlib.import_module("spandrel")
        module = importlib.import_module(f"spandrel.architectures.{found.package or arch}")
    except ModuleNotFoundError as error:
        raise UserError(
            f"{arch} needs the package {error.name}, which is not installed: pip install 'cyclesr[spandrel]'"
        ) from error
    return getattr(module, arch)


def _arguments(arch: str, found: Architecture, build: type[nn.Module], given: dict[str, Any]) -> dict[str, Any]:
    """All arguments of the constructor: those given, and what holds for the rest."""
    parameters = inspect.signature(build).parameters
    known = [name for name in parameters if name != found.scale]
    for name in given:
        if name not in known:
            near = did_you_mean(name, known)
            raise UserError(
                f"Spandrel with arch={arch!r} takes no argument {name!r}.{near} It takes: {', '.join(known)}."
            )
    defaults = {name: parameters[name].default for name in known} | {name: 3 for name in PLANES if name in known}
    if defaults.get("upsampler") == "":
        defaults["upsampler"] = "pixelshuffle"
    arguments = defaults | dict(found.defaults) | given
    missing = [name for name, value in arguments.items() if value is inspect.Parameter.empty]
    if missing:
        raise UserError(f"{arch} needs a value for {', '.join(missing)}.")
    return arguments


def _sides(window: Any) -> list[int]:
    return [window] if isinstance(window, int) else [side for side in window or () if isinstance(side, int)]
