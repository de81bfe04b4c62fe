"""Run ``cyclesr benchmark-tables``."""

from cyclesr.cli.main import main

if __name__ == "__main__":
    main("benchmark-tables")
