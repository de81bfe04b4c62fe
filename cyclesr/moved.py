"""Modules under the names that they had before: plugins and configs that name them keep working, with a warning."""

import importlib
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader
else:  # importing it takes a third of the time that "cyclesr --help" takes
    Loader = object

_EVALUATION = {
    "": "cyclesr.metrics",
    **{
        f".{name}": f"cyclesr.metrics.{name}"
        for name in ("lpips", "pixels", "protocols", "psnr", "quality", "shift_search", "ssim")
    },
    ".evaluate": "cyclesr.inference.evaluate",
    ".report": "cyclesr.inference.evaluation_report",
    **{
        f".{name}": f"cyclesr.experiments.{name}"
        for name in (
            "calibration",
            "comparison",
            "drift",
            "published",
            "table_cells",
            "table_page",
            "table_runs",
            "tables",
            "track_benchmark",
        )
    },
}
# Former name: where its contents are now. A module that was split has several places.
MOVED: dict[str, tuple[str, ...]] = {
    **{f"cyclesr.evaluation{name}": (place,) for name, place in _EVALUATION.items()},
    "cyclesr.datasets.images": (
        "cyclesr.images.listing",
        "cyclesr.images.reading",
        "cyclesr.images.tensors",
        "cyclesr.images.writing",
    ),
    "cyclesr.engine.accumulate": ("cyclesr.engine.loop",),
    "cyclesr.demo": ("cyclesr.experiments.demo",),
    "cyclesr.engine.first_look": ("cyclesr.engine.preflight",),
    "cyclesr.engine.memory_format": ("cyclesr.optim.memory_format",),
    "cyclesr.engine.optim": ("cyclesr.optim.parts",),
    "cyclesr.engine.precision": ("cyclesr.optim.precision",),
    "cyclesr.engine.schedule": ("cyclesr.optim.schedule",),
    "cyclesr.inference.checkpoint": (
        "cyclesr.checkpoints.reading",
        "cyclesr.checkpoints.sr_network",
        "cyclesr.checkpoints.weights",
    ),
    "cyclesr.inference.picture": ("cyclesr.images.picture",),
    "cyclesr.inference.png_stream": ("cyclesr.images.png_stream",),
    "cyclesr.inference.progress": ("cyclesr.progress",),
    "cyclesr.inference.public_weights": ("cyclesr.checkpoints.public_weights",),
    "cyclesr.inference.tiff_stream": ("cyclesr.images.tiff_stream",),
    "cyclesr.inference.trust": ("cyclesr.checkpoints.trust",),
    "cyclesr.models.degradation": (
        "cyclesr.degradations.bicubic",
        "cyclesr.degradations.blur",
        "cyclesr.degradations.chain",
        "cyclesr.degradations.noise",
        "cyclesr.degradations.track",
    ),
    "cyclesr.models.imresize": ("cyclesr.degradations.imresize",),
    "cyclesr.models.kernels": ("cyclesr.degradations.kernels",),
    "cyclesr.models.networks.content_discriminator": ("cyclesr.models.translators.drit.content_discriminator",),
    "cyclesr.models.networks.disentangled": ("cyclesr.models.translators.drit.networks",),
    "cyclesr.models.networks.high_to_low": ("cyclesr.models.translators.bulat.high_to_low",),
    "cyclesr.models.networks.learnt_blur": ("cyclesr.models.translators.probabilistic.learnt_blur",),
    "cyclesr.models.networks.learnt_noise": ("cyclesr.models.translators.probabilistic.learnt_noise",),
    "cyclesr.models.networks.patch_head": ("cyclesr.models.translators.cut.patch_head",),
    "cyclesr.whole_file": ("cyclesr.atomic_write", "cyclesr.checkpoints.reading"),
}


class MovedModules(Loader):
    """Imports a former name: the very module that has taken its place, or a view of those that have."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Finds former names only."""
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leaves it to Python to make the view."""

    def exec_module(self, module: ModuleType) -> None:
        """Puts the module that has taken its place there, or fills the view."""
        name, places = module.__name__, MOVED[module.__name__]
        warnings.warn(f"{name} is now {' and '.join(places)}.", FutureWarning, stacklevel=2)
        if len(places) == 1:
            sys.modules[name] = importlib.import_module(places[0])
        else:
            module.__dict__["__getattr__"] = _view_of(name, places)


def _view_of(former: str, places: tuple[str, ...]) -> Any:
    def look_up(name: str) -> Any:
        for place in places:
            if hasattr(module := importlib.import_module(place), name):
                return getattr(module, name)
        raise AttributeError(f"module {former!r} has no attribute {name!r}")

    return look_up


def install() -> None:
    """Has Python ask here first: a former package and its successor share a folder, and would be imported twice."""
    if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
        sys.meta_path.insert(0, MovedModules())
