"""``python -m cyclesr``, which torchrun can start as well: the command ``cyclesr``."""

from cyclesr.cli.main import main

if __name__ == "__main__":
    main()
