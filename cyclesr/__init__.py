"""cyclesr: super-resolution of real images, trained without pairs (CycleSR / UNITSR)."""

__version__ = "0.1.0"

from cyclesr.moved import install

install()
