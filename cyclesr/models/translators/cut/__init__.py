"""CUT and FastCUT: the translators and the projection head that only they use."""

from cyclesr.models.translators.cut.translator import CUT, FastCUT

__all__ = ["CUT", "FastCUT"]
