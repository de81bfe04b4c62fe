"""Run ``cyclesr compare``."""

from cyclesr.cli.main import main

if __name__ == "__main__":
    main("compare")
