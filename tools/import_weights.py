"""Run ``cyclesr import``."""

from cyclesr.cli.main import main

if __name__ == "__main__":
    main("import")
