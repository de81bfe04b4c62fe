"""SR networks: one file an architecture."""

from cyclesr.models.backbones.edsr import EDSR
from cyclesr.models.backbones.rrdbnet import RRDBNet
from cyclesr.models.backbones.srresnet import SRResNet
from cyclesr.models.backbones.vdsr import VDSR

__all__ = ["EDSR", "VDSR", "RRDBNet", "SRResNet"]
