"""mmengine's Runner with checkpoints that are never half-written, and that resume from where the work dir is now."""

import os
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.dist import broadcast, get_world_size, master_only
from mmengine.runner import Runner as MMEngineRunner
from torch import nn

from cyclesr.errors import UserError
from cyclesr.registry import RUNNERS


@RUNNERS.register_module(name="CycleSRRunner")
class Runner(MMEngineRunner):
    """Differs from mmengine's Runner in how checkpoints are written and found, and in not wrapping the model."""

    def wrap_model(self, model_wrapper_cfg: dict[str, Any] | None, model: nn.Module) -> nn.Module:
        """Moves the model to its device and gives every rank the weights of rank 0.

        No DistributedDataParallel: it cannot follow parts that train in turn. The optimizers average the gradients
        over the ranks before each step instead (:class:`~cyclesr.engine.optim.PartOptimizers`).
        """
        model = model.to(get_device())
        if get_world_size() > 1:
            for tensor in model.state_dict().values():
                if tensor.is_floating_point():
                    broadcast(tensor)
        return model

    @master_only
    def save_checkpoint(self, out_dir: str, filename: str, *args: Any, **kwargs: Any) -> None:
        """Writes a temporary file, flushes it to the disk and renames it: a reader sees a whole file or none.

        Raises:
            UserError: the disk is full or not writable; the previous checkpoint is untouched.
        """
        final = Path(out_dir) / filename
        partial = final.with_name(f".{filename}.partial")
        try:
            super().save_checkpoint(out_dir, partial.name, *args, **kwargs)
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(final)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise UserError(f"Cannot write the checkpoint {final}: {error}. Earlier checkpoints are intact.") from error

    def load_or_resume(self) -> None:
        """Resumes from the newest checkpoint in the work dir itself, wherever the work dir was moved or copied.

        mmengine follows the absolute path in ``last_checkpoint``, which a moved work dir leaves behind.
        """
        if self._resume and self._load_from is None and not self._has_loaded:
            self._load_from = newest_checkpoint(Path(self.work_dir))
            if self._load_from is None:
                self.logger.warning("Nothing to resume from in %s: training starts at iteration 0.", self.work_dir)
                self._resume = False
        super().load_or_resume()


def newest_checkpoint(work_dir: Path) -> str | None:
    """The checkpoint with the highest iteration in a folder, ``iter_<n>.pth``; None when there is none."""
    found = {int(path.stem.removeprefix("iter_")): path for path in work_dir.glob("iter_*.pth")}
    return str(found[max(found)]) if found else None
