"""The hardware that a result was measured on."""

import platform
from pathlib import Path

import torch


def hardware() -> str:
    """Returns the name of the GPU, or of the CPU with the number of threads."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    threads = torch.get_num_threads()
    return f"{(models or [platform.machine()])[0]}, {threads} thread{'s' * (threads > 1)}"
