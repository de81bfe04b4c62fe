"""Run ``cyclesr test``."""

from cyclesr.cli.main import main

if __name__ == "__main__":
    main("test")
