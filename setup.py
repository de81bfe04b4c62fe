"""Package definition; settings of the tools are in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "cyclesr" / "__init__.py").read_text())[1]

# Each floor is a version that the tests were run with: tests/floors.txt, `make floors`.
REQUIRES = [
    "torch>=2.6",
    "torchvision>=0.21",
    "mmengine>=0.10.7,<0.11",
    "mmcv-lite>=2.2.0,<2.3",
    "numpy>=2.0",
    "opencv-python>=5.0",
    "pillow>=10.0",
    "tifffile>=2024.8.30",
    "lpips>=0.1.4",
    "addict>=2.4.0",
    "tensorboard>=2.21",
    "rich>=13.0",
    "safetensors>=0.4.5",
]
EXTRAS = {
    "demo": ["scikit-image>=0.24", "scikit-learn>=1.5"],
    "spandrel": ["spandrel>=0.4.2"],
    "docs": [
        "sphinx>=8.2",
        "furo>=2025.7",
        "myst-parser>=4.0",
        "sphinx-copybutton>=0.5.2",
        "sphinxcontrib-programoutput>=0.18",
        "latex2mathml>=3.77",
    ],
    "test": ["pytest>=8.0", "pytest-xdist>=3.6", "scipy>=1.13", "spandrel>=0.4.2", "ruff>=0.9", "mypy>=1.13"],
}

setup(
    name="cyclesr",
    version=VERSION,
    description="Super-resolution of real images, trained without pairs (CycleSR / UNITSR)",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["cyclesr", "cyclesr.*"]),
    package_data={"cyclesr": ["py.typed", "metrics/parameters/*"]},
    python_requires=">=3.10",
    install_requires=REQUIRES,
    entry_points={"console_scripts": ["cyclesr = cyclesr.cli.main:main"]},
    extras_require=EXTRAS,
)
