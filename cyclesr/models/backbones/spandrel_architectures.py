"""The architectures of the package spandrel, https://github.com/chaiNNer-org/spandrel, and facts about them."""

import importlib
import inspect
from typing import Any, NamedTuple

from torch import nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError


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
PLANES = ("num_in_ch", "num_out_ch")


def architecture_class(arch: str, found: Architecture) -> type[nn.Module]:
    """Imports the class of an architecture.

    Raises:
        UserError: spandrel is not installed.
    """
    try:
        importlib.import_module("spandrel")
        module = importlib.import_module(f"spandrel.architectures.{found.package or arch}")
    except ModuleNotFoundError as error:
        raise UserError(
            f"{arch} needs the package {error.name}, which is not installed: pip install 'cyclesr[spandrel]'"
        ) from error
    return getattr(module, arch)


def with_defaults(found: Architecture, build: type[nn.Module], given: dict[str, Any]) -> dict[str, Any]:
    """Completes arguments with the defaults, ours before spandrel's; those without a default are ``empty``."""
    parameters = {name: p.default for name, p in inspect.signature(build).parameters.items() if name != found.scale}
    defaults = parameters | {name: 3 for name in PLANES if name in parameters}
    if defaults.get("upsampler") == "":
        defaults["upsampler"] = "pixelshuffle"
    return defaults | dict(found.defaults) | given
