"""Run ``cyclesr prepare``."""

from cyclesr.cli.main import main

if __name__ == "__main__":
    main("prepare")
