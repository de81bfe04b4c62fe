"""mmengine's Runner with checkpoints that are never half-written, and that resume from where the work dir is now."""

import re
from pathlib import Path
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import broadcast_object_list, get_world_size, is_main_process
from mmengine.model import convert_sync_batchnorm
from mmengine.runner import Runner as MMEngineRunner
from torch import nn

from cyclesr.atomic_write import write_whole
from cyclesr.checkpoints.public_weights import read_weights
from cyclesr.checkpoints.reading import is_whole, read_checkpoint
from cyclesr.checkpoints.sr_network import save_sr
from cyclesr.checkpoints.weights import load_weights
from cyclesr.errors import UserError
from cyclesr.registry import RUNNERS


@RUNNERS.register_module(name="CycleSRRunner")
class Runner(MMEngineRunner):
    """Differs from mmengine's Runner in how checkpoints are written and found, and in not wrapping the model."""

    _resume: bool
    _load_from: str | None

    def wrap_model(self, model_wrapper_cfg: dict[str, Any] | None, model: nn.Module) -> nn.Module:
        """Moves the model to its device; with ``sync_bn = "torch"`` in the config, BatchNorm spans all ranks.

        No DistributedDataParallel: it cannot follow parts that train in turn. The optimizers average the gradients
        over the ranks before each step instead (:class:`~cyclesr.optim.parts.PartOptimizers`).

        Raises:
            UserError: ``sync_bn`` without a GPU, where torch has none.
        """
        kind = self.cfg.get("sync_bn")
        if kind and get_world_size() > 1:
            if not torch.cuda.is_available():
                raise UserError("sync_bn needs GPUs: torch's SyncBatchNorm does not run on CPUs. Remove it here.")
            model = convert_sync_batchnorm(model, kind)
        return model.to(get_device())

    def save_checkpoint(self, out_dir: str, filename: str, *args: Any, **kwargs: Any) -> None:
        """Writes a checkpoint whole or not at all, and its SR network as ``.safetensors`` beside it.

        Every rank must call it, as mmengine's hooks do: hooks with a method ``on_every_rank_before_save`` gather what
        the ranks hold, then rank 0 writes.

        Raises:
            UserError: on every rank, when the disk is full or not writable; earlier checkpoints are intact.
        """
        self.call_hook("on_every_rank_before_save")
        outcome = [self._write(Path(out_dir), filename, *args, **kwargs) if is_main_process() else ""]
        broadcast_object_list(outcome)
        if outcome[0]:
            raise UserError(outcome[0])

    def _write(self, out_dir: Path, filename: str, *args: Any, **kwargs: Any) -> str:
        """Returns what went wrong, or an empty string."""
        final = out_dir / filename
        save = super().save_checkpoint
        try:
            out_dir.mkdir(parents=True, exist_ok=True)
            write_whole(final, lambda partial: save(str(out_dir), partial.name, *args, **kwargs))
            name = "sr_best" if filename.startswith("best_") else "sr_latest"
            write_whole(out_dir / f"{name}.safetensors", lambda partial: save_sr(self.model.sr_entry(), partial))
        except OSError as error:
            return (
                f"Cannot write the checkpoint {final}: {error.strerror or error}. Earlier checkpoints are intact: make "
                "room on the disk, then continue with --resume."
            )
        return ""

    def load_or_resume(self) -> None:
        """Resumes from the newest whole checkpoint in the work dir itself, wherever it was moved or copied.

        mmengine follows the absolute path in ``last_checkpoint``, which a moved work dir leaves behind. ``load_from``
        is where a training begins: it counts where there is nothing to resume.
        """
        if self._resume and not self._has_loaded:
            found = [newest_checkpoint(Path(self.work_dir), self.logger.warning) if is_main_process() else None]
            broadcast_object_list(found)  # rank 0 decides: the others may look while a file changes
            self._load_from = found[0] or self._load_from
            if found[0] is None:
                self.logger.warning("Nothing to resume from in %s: training starts at iteration 0.", self.work_dir)
                self._resume = False
        super().load_or_resume()
        if self._resume:
            self._warn_of_another_length(self.message_hub.runtime_info.get("max_iters"))

    def _warn_of_another_length(self, former: int | None) -> None:
        if former not in (None, self.max_iters):
            self.logger.warning(
                "The training was to have %d iterations, now it has %d: stages and learning rates that are fractions "
                "of its length are those of the new length from here on.",
                former,
                self.max_iters,
            )

    def load_checkpoint(self, filename: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Reads a file as plain data and loads all weights of the model; or those of the SR network, from a file that
        is no training checkpoint: its ``.safetensors``, or published weights of such a network.

        Raises:
            UserError: a damaged file, one that would run code, or one of another model.
        """
        checkpoint = {} if Path(filename).suffix == ".safetensors" else read_checkpoint(filename)
        complaint = f"The checkpoint {filename} is of another model"
        if "sr_network" in checkpoint:
            self.call_hook("after_load_checkpoint", checkpoint=checkpoint)
            load_weights(self.model, checkpoint.get("state_dict", {}), complaint)
        else:
            self.model.start_sr_from(read_weights(filename), complaint)
        self._has_loaded = True
        self.logger.info("Loaded %s", filename)
        return checkpoint


def newest_checkpoint(work_dir: Path, warn: Any = print) -> str | None:
    """The whole checkpoint with the highest iteration in a folder, ``iter_<n>.pth``; None when there is none.

    Args:
        work_dir: the folder.
        warn: is told of each damaged file that is passed over.
    """
    names = {path: re.fullmatch(r"iter_(\d+)", path.stem) for path in work_dir.glob("iter_*.pth")}
    found = {int(name[1]): path for path, name in names.items() if name}
    for iteration in sorted(found, reverse=True):
        if is_whole(found[iteration]):
            return str(found[iteration])
        warn(f"The checkpoint {found[iteration]} is damaged or cut off: it is passed over for the one before it.")
    return None
