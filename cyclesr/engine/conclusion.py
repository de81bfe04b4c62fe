"""The end of a training: the report in its work dir, and the verdict on the user's own images."""

import logging
from pathlib import Path

from mmengine.logging import print_log

from cyclesr.inference.training_report import TrainingReport

_FEW = 8  # real images that are enlarged for the report if the user did not ask for a verdict


def conclude(work_dir: str | Path, *, verdict: bool) -> list[str]:
    """Writes the report on a finished training.

    A training does not fail because of its report: an error is logged in one line.

    Args:
        work_dir: work dir of the training.
        verdict: whether to say the verdict on the real images.

    Returns:
        Lines for the user: the verdict, and where the report is.
    """
    lines: list[str] = []
    try:
        report = TrainingReport(work_dir) if verdict else TrainingReport(work_dir, most=_FEW)
        if verdict:
            lines += report.verdict_lines()
        lines.append(f"The report is {report.write()}. Open it in a browser.")
    except Exception as error:  # of any kind: the trained network is there
        said = f"The report on the training was not written ({type(error).__name__}: {error})".replace("\n", " ")
        print_log(f"{said}. To try again: cyclesr report {work_dir}", logger="current", level=logging.WARNING)
    return lines
