"""Run ``cyclesr export``."""

from cyclesr.cli.main import main

if __name__ == "__main__":
    main("export")
