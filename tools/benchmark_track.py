"""Run ``cyclesr benchmark-track``."""

from cyclesr.cli.main import main

if __name__ == "__main__":
    main("benchmark-track")
