"""SR networks, one file per architecture."""

from cyclesr.models.backbones.compact import SRVGGNetCompact
from cyclesr.models.backbones.drcn import DRCN
from cyclesr.models.backbones.drrn import DRRN
from cyclesr.models.backbones.edsr import EDSR
from cyclesr.models.backbones.enhancenet import EnhanceNet
from cyclesr.models.backbones.espcn import ESPCN
from cyclesr.models.backbones.fsrcnn import FSRCNN
from cyclesr.models.backbones.imdn import IMDN
from cyclesr.models.backbones.lapsrn import LapSRN
from cyclesr.models.backbones.memnet import MemNet
from cyclesr.models.backbones.msrresnet import MSRResNet
from cyclesr.models.backbones.original_vdsr import OriginalVDSR
from cyclesr.models.backbones.padded import Padded
from cyclesr.models.backbones.rcan import RCAN
from cyclesr.models.backbones.rdn import RDN
from cyclesr.models.backbones.rrdbnet import RRDBNet
from cyclesr.models.backbones.spandrel import Spandrel
from cyclesr.models.backbones.srcnn import SRCNN
from cyclesr.models.backbones.srresnet import SRResNet
from cyclesr.models.backbones.upscaled import Upscaled
from cyclesr.models.backbones.vdsr import VDSR

__all__ = [
    "DRCN",
    "DRRN",
    "EDSR",
    "ESPCN",
    "FSRCNN",
    "IMDN",
    "RCAN",
    "RDN",
    "SRCNN",
    "VDSR",
    "EnhanceNet",
    "LapSRN",
    "MSRResNet",
    "MemNet",
    "OriginalVDSR",
    "Padded",
    "RRDBNet",
    "SRResNet",
    "SRVGGNetCompact",
    "Spandrel",
    "Upscaled",
]
