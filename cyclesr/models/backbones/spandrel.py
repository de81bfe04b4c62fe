"""Networks of the package spandrel, https://github.com/chaiNNer-org/spandrel: SwinIR, HAT, DAT, SPAN, RealPLKSR ..."""

import importlib.util
import inspect
import warnings
from math import lcm
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from cyclesr.descriptions import Paper, Variant
from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.backbones.padded import mirror_to_fit
from cyclesr.models.backbones.upsampling import factors
from cyclesr.registry import SR_BACKBONES


class Architecture(NamedTuple):
    """Facts about an architecture that its constructor in spandrel does not tell."""

    scale: str  # name of the constructor's argument for the scale
    summary: str  # one line
    paper: Paper | None = None
    smallest: int = 1  # smallest side of an image, in LR pixels
    multiple: int = 1  # both sides must be multiples of this number
    window: str = ""  # name of an argument: both sides must be multiples of its value, too
    scales: tuple[int, ...] = (2, 3, 4, 8)
    package: str = ""  # module in spandrel.architectures, if it is not named like the architecture
    needed: tuple[tuple[str, Any], ...] = ()  # the catalogue's values for arguments without a default
    # Defaults that replace spandrel's, where those fail or are lost when spandrel reads the weights.
    defaults: tuple[tuple[str, Any], ...] = ()


ARCHITECTURES = {
    "ATD": Architecture(
        "upscale",
        "Window attention and attention to learnt tokens",
        Paper("Zhang et al., CVPR 2024", "https://arxiv.org/abs/2401.08209"),
        smallest=8,
    ),
    "CRAFT": Architecture(
        "upscale",
        "Attention refined by high frequencies",
        Paper("Li et al., ICCV 2023", "https://arxiv.org/abs/2308.05022"),
        multiple=16,
    ),
    "Compact": Architecture(
        "upscale", "SRVGGNetCompact, a plain network", Paper("Wang et al. 2021", "https://arxiv.org/abs/2107.10833")
    ),
    "DAT": Architecture(
        "upscale",
        "Alternating spatial and channel attention",
        Paper("Chen et al., ICCV 2023", "https://arxiv.org/abs/2308.03364"),
        smallest=16,
    ),
    "DCTLSA": Architecture(
        "upscale", "Densely connected transformer with linear self-attention", Paper("Zeng et al. 2023"), smallest=16
    ),
    "DITN": Architecture(
        "upscale",
        "A transformer designed for deployment",
        Paper("Liu et al., ACM MM 2023", "https://arxiv.org/abs/2308.02794"),
        window="patch_size",
    ),
    "DRCT": Architecture(
        "upscale",
        "Swin blocks in dense residual groups",
        Paper("Hsu et al., CVPRW 2024", "https://arxiv.org/abs/2404.00722"),
        multiple=16,
        window="window_size",
    ),
    "ESRGAN": Architecture(
        "scale",
        "RRDBNet, dense blocks",
        Paper("Wang et al., ECCVW 2018", "https://arxiv.org/abs/1809.00219"),
        smallest=2,
        scales=(2, 4, 8),
    ),
    "FDAT": Architecture("scale", "A fast variant of DAT by spandrel's community", scales=(2, 3, 4)),
    "GRL": Architecture(
        "upscale",
        "Attention in windows, stripes and channels",
        Paper("Li et al., CVPR 2023", "https://arxiv.org/abs/2303.00748"),
        defaults=(("stripe_shift", True),),
    ),
    "HAT": Architecture(
        "upscale",
        "Window, overlapping and channel attention",
        Paper("Chen et al., CVPR 2023", "https://arxiv.org/abs/2205.04437"),
        smallest=16,
        defaults=(("window_size", 16),),
    ),
    "MoESR": Architecture("scale", "Blocks of gated convolutions by spandrel's community", smallest=2),
    "MoSR": Architecture("upscale", "Gated convolutions as in MambaOut, by spandrel's community"),
    "OmniSR": Architecture(
        "up_scale",
        "Joint spatial and channel attention",
        Paper("Wang et al., CVPR 2023", "https://arxiv.org/abs/2304.10244"),
        smallest=16,
    ),
    "PLKSR": Architecture(
        "upscaling_factor",
        "Large kernels on some of the channels",
        Paper("Lee et al. 2024", "https://arxiv.org/abs/2404.11848"),
    ),
    "RCAN": Architecture(
        "scale",
        "Residual blocks with channel attention",
        Paper("Zhang et al., ECCV 2018", "https://arxiv.org/abs/1807.02758"),
    ),
    "RGT": Architecture(
        "upscale",
        "Recursive generalization transformer",
        Paper("Chen et al., ICLR 2024", "https://arxiv.org/abs/2303.06373"),
        smallest=16,
    ),
    "RealPLKSR": Architecture(
        "upscaling_factor",
        "PLKSR with norm and dropout, for real images",
        Paper("Lee et al. 2024", "https://arxiv.org/abs/2404.11848"),
        package="PLKSR",
    ),
    "SAFMN": Architecture(
        "upscaling_factor",
        "Multi-scale feature modulation",
        Paper("Sun et al., ICCV 2023", "https://arxiv.org/abs/2302.13800"),
        multiple=8,
        needed=(("dim", 36),),
    ),
    "SPAN": Architecture(
        "upscale", "Attention without parameters", Paper("Wan et al., CVPRW 2024", "https://arxiv.org/abs/2311.12770")
    ),
    "SeemoRe": Architecture(
        "scale",
        "Mixtures of low-rank experts",
        Paper("Zamfir et al., ICML 2024", "https://arxiv.org/abs/2402.03412"),
        smallest=16,
    ),
    "SwiftSRGAN": Architecture(
        "upscale_factor",
        "SRResNet with separable convolutions",
        Paper("Krishnan & Krishnan 2021", "https://arxiv.org/abs/2111.14320"),
        scales=(2, 4, 8),
    ),
    "Swin2SR": Architecture(
        "upscale",
        "Swin V2 blocks",
        Paper("Conde et al., ECCVW 2022", "https://arxiv.org/abs/2209.11345"),
        smallest=16,
        defaults=(("window_size", 8),),
    ),
    "SwinIR": Architecture(
        "upscale",
        "Shifted-window attention",
        Paper("Liang et al., ICCVW 2021", "https://arxiv.org/abs/2108.10257"),
        smallest=16,
        defaults=(("window_size", 8),),
    ),
}
GRL_TABLES = ("table_w", "table_sh", "index_sh_a2w")  # buffers from whose shapes spandrel reads the window sizes
WINDOWS = ("window_size", "split_size", "split_size_0", "split_size_1", "stripe_size")
PLANES = ("num_in_ch", "num_out_ch")


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
        build = _constructor(arch, found)
        arguments = _arguments(arch, found, build, hyperparameters) | {found.scale: scale}
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
        """Renames the weights of the architecture itself for this network."""
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
    """Completes the given arguments with the defaults, ours before spandrel's."""
    parameters = inspect.signature(build).parameters
    known = [name for name in parameters if name != found.scale]
    for name in given:
        if name not in known:
            taken = ["scale", "arch", *known]
            near = did_you_mean(name, taken)
            raise UserError(
                f"Spandrel with arch={arch!r} takes no argument {name!r}.{near} It takes: {', '.join(taken)}."
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
