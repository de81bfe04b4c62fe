"""A third-party package that cyclesr finds by its entry point."""

from setuptools import setup

setup(
    name="cyclesr-example-plugin",
    version="0.1.0",
    description="An SR network and a translator for cyclesr",
    packages=["example_plugin"],
    python_requires=">=3.10",
    install_requires=["cyclesr"],
    entry_points={"cyclesr.plugins": ["example = example_plugin"]},
)
