"""The report on a training as one HTML page: images, verdict, degradation, camera, curves and settings."""

import json
import statistics
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from platform import python_version

import torch

import cyclesr
from cyclesr.atomic_write import write_whole_text
from cyclesr.errors import UserError
from cyclesr.inference.files import choose_device
from cyclesr.inference.measurement import FolderMeasurement, MeasurementReport, camera_findings
from cyclesr.inference.measurement.page import charts_html, findings_html
from cyclesr.inference.pages.document import Section, bullets, document, facts, folded, paragraph
from cyclesr.inference.pages.viewer import ImageViewer
from cyclesr.inference.training_report.curves import curves_html
from cyclesr.inference.training_report.examples import add_held_out, judge_real, strips, strips_html
from cyclesr.inference.training_report.record import read_record
from cyclesr.inference.verdict import MOST_IMAGES, Verdict
from cyclesr.inference.verdict_page import noise_html, verdict_html

PAGE = "report.html"
VERDICT = "verdict.json"
_STRIPS = (
    "Each row shows syn, an HR image reduced by the scale; fake_real, the same image after the translator, as the SR "
    "network sees it in training; and real, a real image of another scene. Blur, noise and compression of fake_real "
    "should look like those of real."
)


class TrainingReport:
    """The report on the work dir of a training, finished or not.

    Args:
        work_dir: the folder.
        device: of the networks: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` ...
        most: number of real images for the verdict.

    Attributes:
        record: what the work dir holds.

    Raises:
        UserError: the folder is missing, no training wrote it, or the device does not work.
    """

    def __init__(self, work_dir: str | Path, device: str = "auto", most: int = MOST_IMAGES) -> None:
        self.record = read_record(work_dir)
        self._device, self._most = choose_device(device), most
        self._viewer = ImageViewer()

    def write(self, path: Path | None = None) -> Path:
        """Writes the page, and the values of the verdict as ``verdict.json`` into the work dir.

        Where files are missing, the page says so in place of what they would show.

        Args:
            path: the page. The default is ``report.html`` in the work dir.

        Returns:
            The path of the page.

        Raises:
            OSError: a file cannot be written.
        """
        path = path or self.record.folder / PAGE
        if isinstance(self.verdict, Verdict):
            write_whole_text(self.record.folder / VERDICT, json.dumps(self.verdict.to_dict(), indent=1) + "\n")
        write_whole_text(path, self.html())
        return path

    @cached_property
    def verdict(self) -> Verdict | str:
        """Returns the verdict on the real images of the training; or, in words, why there is none."""
        _ = self._no_held_out  # held-out pairs come first in the viewer
        try:
            return judge_real(self.record, self._viewer, self._device, self._most)
        except UserError as error:
            return str(error)

    def verdict_lines(self) -> list[str]:
        """Returns the verdict in words."""
        found = self.verdict
        return found.lines() if isinstance(found, Verdict) else [f"No verdict on your images: {found}"]

    def html(self) -> str:
        """Returns the page."""
        title = f"Training of {self.record.folder.resolve().name}"
        return document(title, [*self._sections()], lead=facts(dict(self._facts())))

    def _sections(self) -> Iterator[Section]:
        found = self.verdict
        yield Section("Images", self._images())
        yield Section("Verdict", verdict_html(found) if isinstance(found, Verdict) else _missing("No verdict", found))
        if self.record.setting("model.translator"):
            yield Section("Degradation", _unless_missing(self._strips, "No images of the degradation"))
        if self.record.measured:
            yield Section("Camera", _unless_missing(self._camera, "No measurement"))
        yield Section("Curves", curves_html(self.record) or _missing("No curves", "nothing has been logged yet."))
        yield Section("Settings", self._settings())

    @cached_property
    def _no_held_out(self) -> str:
        """Adds the held-out pairs to the viewer. Returns why they cannot be shown; empty if nothing is wrong."""

        def add() -> str:
            add_held_out(self.record, self._viewer, self._device)
            return ""

        return _unless_missing(add, "Held-out pairs are not shown")

    def _images(self) -> str:
        noise = noise_html(self.verdict) if isinstance(self.verdict, Verdict) else ""
        shown = self._viewer.html() or _missing("No images", "see the verdict.")
        return "\n".join(filter(None, (shown, self._no_held_out, noise)))

    def _strips(self) -> str:
        return paragraph(_STRIPS, "soft") + strips_html(strips(self.record, self._device))

    def _camera(self) -> str:
        camera, scale = self.record.camera, self._scale()
        assert camera is not None
        folder = Path((self.record.setting("train_dataloader.dataset") or {}).get("real") or "real")
        real = FolderMeasurement(folder, len(camera.images), camera, ())
        charts = charts_html(MeasurementReport(scale, real, None)) if camera.has_mtf else ""
        measured = paragraph(f"Measured on {len(camera.images)} images of {folder}.", "soft")
        return measured + findings_html(camera_findings(real, scale)) + charts

    def _scale(self) -> int:
        return int(self.record.setting("model.sr.scale") or self.record.setting("scale") or 1)

    def _settings(self) -> str:
        versions = {"cyclesr": cyclesr.__version__, "torch": torch.__version__, "Python": python_version()}
        parts = [
            self._comment(),
            folded(f"The whole config, {self.record.name}.py", self.record.config),
            folded("Environment of the training", self.record.environment) if self.record.environment else "",
            paragraph(f"This page was written by {', '.join(f'{k} {v}' for k, v in versions.items())}.", "soft"),
        ]
        return "\n".join(filter(None, parts))

    def _comment(self) -> str:
        """Returns what was found and chosen, a line each; or the description of a config that the user chose."""
        lines = self.record.comment
        return bullets(lines) if any(line.startswith("Chosen:") for line in lines) else paragraph(" ".join(lines))

    def _facts(self) -> Iterator[tuple[str, tuple[str, str]]]:
        record = self.record
        total = record.setting("train_cfg.max_iters")
        done = record.iterations
        state = "finished" if total and done >= total else "not finished"
        yield "Iterations", (f"{done} of {total}" if total else f"{done}", state)
        if times := [values["time"] for values in record.losses if "time" in values]:
            yield "Time", (_duration(statistics.fmean(times) * done), f"{statistics.median(times):.3g} s an iteration")
        if network := record.setting("model.sr.type"):
            yield "SR network", (str(network), f"scale {self._scale()}")
        if translator := record.setting("model.translator.type"):
            yield "Translator", (str(translator), "makes the LR images to learn from")
        scored = [(values["psnr"], int(values["step"])) for values in record.scores if "psnr" in values]
        if scored:
            best = max(scored)
            yield "PSNR, held-out", (f"{scored[-1][0]:.2f} dB", f"best {best[0]:.2f} dB at iteration {best[1]}")
        if isinstance(self.verdict, Verdict):
            said = "better than bicubic" if self.verdict.better else "not better than bicubic"
            yield "Verdict", (said, f"score {self.verdict.score:.2f}; bicubic has 0")


def _unless_missing(make: Callable[[], str], without: str) -> str:
    """Returns HTML, or why it cannot be made."""
    try:
        return make()
    except UserError as error:
        return _missing(without, str(error))


def _missing(what: str, why: str) -> str:
    return paragraph(f"{what}: {why}", "soft")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
