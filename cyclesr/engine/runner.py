"""mmengine's Runner with checkpoints that are written atomically and that can be moved with their work dir."""

from itertools import takewhile
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import broadcast_object_list, get_world_size, is_main_process
from mmengine.model import convert_sync_batchnorm
from mmengine.runner import Runner as MMEngineRunner
from torch import nn

from cyclesr.atomic_write import write_whole, write_whole_text
from cyclesr.checkpoints.building import shortened
from cyclesr.checkpoints.public_weights import read_weights
from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.sr_network import save_sr
from cyclesr.checkpoints.weights import load_weights
from cyclesr.engine.building import errors_of_config
from cyclesr.engine.changed_options import Change, apply_changes, changes, former_options, refuse_changes
from cyclesr.engine.default_hooks import without_left_out
from cyclesr.engine.saved import newest_checkpoint
from cyclesr.errors import UserError
from cyclesr.registry import RUNNERS

# Errors of mmengine and of torch where a checkpoint lacks a part or holds another kind of value.
_WRONG_CONTENT = (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError)
_OF_ONE_RUN = ("work_dir", "launcher", "resume")


@RUNNERS.register_module(name="CycleSRRunner")
class Runner(MMEngineRunner):
    """mmengine's Runner, which writes and finds checkpoints in another way and does not wrap the model."""

    _resume: bool
    _load_from: str | None

    def wrap_model(self, model_wrapper_cfg: dict[str, Any] | None, model: nn.Module) -> nn.Module:
        """Moves the model to its device. With ``sync_bn = "torch"`` in the config, BatchNorm spans all ranks.

        The model is not wrapped in DistributedDataParallel, which does not support parts that train in turn. Instead,
        the optimizers average the gradients over the ranks before each step
        (:class:`~cyclesr.optim.parts.PartOptimizers`).

        Raises:
            UserError: ``sync_bn`` is set and there is no GPU.
        """
        kind = self.cfg.get("sync_bn")
        if kind and get_world_size() > 1:
            if not torch.cuda.is_available():
                raise UserError("sync_bn needs GPUs, because torch's SyncBatchNorm does not run on CPUs: remove it.")
            model = convert_sync_batchnorm(model, kind)
        return model.to(get_device())

    def build_train_loop(self, loop: Any) -> Any:
        """Builds the training loop with its data; an error is one line."""
        with errors_of_config("The training loop"):
            return super().build_train_loop(loop)

    def build_val_loop(self, loop: Any) -> Any:
        """Builds the validation loop with its data and metrics; an error is one line."""
        with errors_of_config("The validation"):
            return super().build_val_loop(loop)

    def build_test_loop(self, loop: Any) -> Any:
        """Builds the test loop with its data and metrics; an error is one line."""
        with errors_of_config("The test"):
            return super().build_test_loop(loop)

    def build_optim_wrapper(self, optim_wrapper: Any) -> Any:
        """Builds the optimizers; an error is one line."""
        with errors_of_config("The optimizers"):
            return super().build_optim_wrapper(optim_wrapper)

    def build_param_scheduler(self, scheduler: Any) -> Any:
        """Builds the schedules of learning rates; an error is one line."""
        with errors_of_config("The schedules of learning rates"):
            return super().build_param_scheduler(scheduler)

    def dump_config(self) -> None:
        """Writes the config into the work dir, as one that repeats the training: ``cyclesr train WORK_DIR/NAME.py``.

        What belongs to this run only is left out: the work dir, the launcher, and whether it was resumed. The comment
        at the top of the file of the config stays.
        """
        if is_main_process():
            name = f"{Path(self.cfg.filename or self.timestamp).stem}.py"
            values = {key: value for key, value in self.cfg.to_dict().items() if key not in _OF_ONE_RUN}
            text = "\n".join([*_first_comment(self.cfg), Config(values).pretty_text])
            write_whole_text(Path(self.work_dir) / name, text)

    def register_default_hooks(self, hooks: dict[str, Any] | None = None) -> None:
        """Registers the default hooks; those that are None are left out, see :mod:`cyclesr.engine.default_hooks`."""
        super().register_default_hooks(without_left_out(hooks or {}))

    def save_checkpoint(self, out_dir: str, filename: str, *args: Any, **kwargs: Any) -> None:
        """Writes a checkpoint atomically, and its SR network as ``.safetensors`` beside it.

        Every rank must call it, as mmengine's hooks do. Hooks with a method ``on_every_rank_before_save`` gather the
        state of all ranks, then rank 0 writes.

        Raises:
            UserError: the disk is full or not writable. It is raised on every rank, and earlier checkpoints are intact.
        """
        self.call_hook("on_every_rank_before_save")
        outcome = [self._write(Path(out_dir), filename, *args, **kwargs) if is_main_process() else ""]
        broadcast_object_list(outcome)
        if outcome[0]:
            raise UserError(outcome[0])

    def _write(self, out_dir: Path, filename: str, *args: Any, **kwargs: Any) -> str:
        """Writes the files and returns an error message, or an empty string on success."""
        final = out_dir / filename
        save = super().save_checkpoint
        try:
            out_dir.mkdir(parents=True, exist_ok=True)
            write_whole(final, lambda partial: save(str(out_dir), partial.name, *args, **kwargs))
            name = "sr_best" if filename.startswith("best_") else "sr_latest"
            with self.optim_wrapper.averaged_weights():
                write_whole(out_dir / f"{name}.safetensors", lambda partial: save_sr(self.model.sr_entry(), partial))
        except OSError as error:
            return (
                f"Cannot write the checkpoint {final}: {error.strerror or error}. Earlier checkpoints are intact: free "
                "space on the disk, then continue with --resume."
            )
        return ""

    def load_or_resume(self) -> None:
        """Resumes from the newest intact checkpoint in the work dir, or else loads the weights of ``load_from``.

        mmengine follows the absolute path in ``last_checkpoint``, which is wrong once a work dir was moved or copied.
        """
        if self._resume and not self._has_loaded:
            found = [newest_checkpoint(Path(self.work_dir), self.logger.warning) if is_main_process() else None]
            broadcast_object_list(found)  # rank 0 decides, because files may change while other ranks search
            self._load_from = found[0] or self._load_from
            if found[0] is None:
                self.logger.warning("Nothing to resume from in %s: training starts at iteration 0.", self.work_dir)
                self._resume = False
        self._changes: list[Change] = []
        try:
            super().load_or_resume()
        except _WRONG_CONTENT as error:
            raise UserError(
                f"The checkpoint {self._load_from} is damaged, or not from cyclesr: its content is not what training "
                f"writes ({type(error).__name__}: {shortened(error)})."
            ) from error
        if self._resume:
            self._warn_of_another_length(self.message_hub.runtime_info.get("max_iters"))
            self._apply_changes()

    def _apply_changes(self) -> None:
        """Applies changed options to the optimizers, which have just loaded their states, and logs all changes."""
        apply_changes(self._changes, self.optim_wrapper, self.param_schedulers)
        if self._changes:
            listed = "; ".join(map(str, self._changes))
            self.logger.warning(f"From iteration {self.iter} on, options have changed: {listed}.")

    def _warn_of_another_length(self, former: int | None) -> None:
        if former not in (None, self.max_iters):
            self.logger.warning(
                "The length of the training changed from %d to %d iterations: stages and learning rates that are "
                "fractions of the length follow the new length from now on.",
                former,
                self.max_iters,
            )

    def load_checkpoint(self, filename: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Loads a training checkpoint, or the weights of the SR network from a file of another kind.

        Args:
            filename: a training checkpoint, a ``.safetensors`` file of an SR network, or published weights of such a
                network. It is read as plain data.

        Returns:
            The content of a training checkpoint or of a ``.pth`` file; an empty dict for ``.safetensors``.

        Raises:
            UserError: the file is damaged, could run code, or is of another model.
        """
        checkpoint = {} if Path(filename).suffix == ".safetensors" else read_checkpoint(filename)
        complaint = f"The checkpoint {filename} is of another model"
        if self._resume and (former := former_options(checkpoint)):
            self._changes = changes(former, self.cfg.to_dict())
            refuse_changes(self._changes)
            if of_model := [str(change) for change in self._changes if change.key.startswith("model.")]:
                complaint = f"With {' and '.join(of_model)}, the checkpoint {filename} is of another model"
        if "sr_network" in checkpoint:
            self.call_hook("after_load_checkpoint", checkpoint=checkpoint)
            load_weights(self.model, checkpoint.get("state_dict", {}), complaint)
        else:
            self.model.start_sr_from(read_weights(filename, self.model.sr.state_dict()), complaint)
        self._has_loaded = True
        self.logger.info("Loaded %s", filename)
        return checkpoint


def _first_comment(config: Config) -> list[str]:
    """Returns the lines of the comment at the top of a config's text, or else of its file."""
    text, file = config.text, Path(config.filename or "")
    if not text.startswith("#") and file.is_file():  # mmengine's text of a file begins with its path and its bases
        text = file.read_text(encoding="utf-8")
    return list(takewhile(lambda line: line.startswith("#"), text.splitlines()))
