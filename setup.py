"""The packages of the wheel, which holds configs/ as cyclesr/configs. Everything else is in pyproject.toml."""

from setuptools import find_namespace_packages, find_packages, setup

CONFIGS = find_namespace_packages("configs", exclude=["*__pycache__*"])

setup(
    packages=[
        *find_packages(include=["cyclesr*"]),
        "cyclesr.configs",
        *(f"cyclesr.configs.{name}" for name in CONFIGS),
    ],
    package_dir={"cyclesr.configs": "configs"},
)
