"""The warm-up of the SR network: a pixel loss only, before the perceptual and adversarial ones."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from cyclesr.errors import UserError
from cyclesr.registry import HOOKS, LOSSES


@HOOKS.register_module()
class WarmUpHook(Hook):
    """Trains the SR network on one loss at first, in place of all terms of Eq. (3), and without its discriminator.

    A GAN that starts with an untrained network learns slowly and makes artifacts; ESRGAN and Real-ESRGAN therefore
    start from a network trained on pixels. Whether it is the time of the warm-up depends only on the iteration, so that
    a resumed training continues in the right place.

    Args:
        loss: config of ``LOSSES``.
        fraction: length of the warm-up as a fraction of the training, in [0, 1].
        iters: its length in iterations, in place of ``fraction``.

    Raises:
        UserError: neither or both lengths are given, or one is out of its range.
    """

    priority = "HIGH"

    def __init__(self, loss: dict[str, Any], fraction: float | None = None, iters: int | None = None) -> None:
        if (fraction is None) == (iters is None):
            raise UserError("WarmUpHook needs either 'fraction' or 'iters', the length of the warm-up.")
        if not (0 <= (fraction or 0) <= 1 and (iters or 0) >= 0):
            raise UserError(
                f"The length of the warm-up is a fraction from 0 to 1 or a number of iterations, found {fraction}, "
                f"{iters}."
            )
        self.loss = LOSSES.build(loss)
        self.fraction = fraction
        self.iters = iters

    def before_train(self, runner: Runner) -> None:
        """Moves the loss to the model's device."""
        self.loss.to(next(runner.model.parameters()).device)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Sets ``model.warm_up_loss``."""
        runner.model.warm_up_loss = self.loss if self.warms_up(runner.iter, runner.max_iters) else None

    def warms_up(self, iteration: int, max_iters: int) -> bool:
        """Returns whether an iteration, counted from 0, of a training of ``max_iters`` belongs to the warm-up."""
        return iteration < (self.iters if self.iters is not None else round((self.fraction or 0) * max_iters))
