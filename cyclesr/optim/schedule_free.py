"""Schedule-free AdamW, which needs no learning-rate schedule: it averages the weights instead."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from cyclesr.errors import UserError
from cyclesr.registry import OPTIMIZERS


@OPTIMIZERS.register_module(name="AdamWScheduleFree")
def schedule_free_adamw(
    params: Iterable[Any],
    lr: float = 0.0025,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    warmup_steps: int = 0,
    r: float = 0.0,
    weight_lr_power: float = 2.0,
) -> torch.optim.Optimizer:
    """Builds the optimizer of the package ``schedulefree``, in the mode of training.

    Gradients are taken at one set of weights, and another one, an average, is for inference; :func:`averaged_weights`
    puts it into the networks.

    Args:
        params: parameters, or groups of them.
        lr: learning rate, constant: leave the schedule of this part empty, ``param_scheduler.sr=[]``.
        betas, eps, weight_decay: as of AdamW; the first beta is how near to the average gradients are taken.
        warmup_steps: steps in which the learning rate rises linearly.
        r, weight_lr_power: weights of the steps in the average, see the package.

    Raises:
        UserError: the package is not installed.

    Source: Defazio et al., NeurIPS 2024 (arXiv:2405.15682).
    """
    try:
        from schedulefree import AdamWScheduleFree
    except ModuleNotFoundError as error:
        raise UserError(
            "AdamWScheduleFree needs the package schedulefree, which is not installed: pip install "
            "'cyclesr[schedulefree]'"
        ) from error
    power = dict(r=r, weight_lr_power=weight_lr_power)
    made = AdamWScheduleFree(
        params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, warmup_steps=warmup_steps, **power
    )
    made.train()
    return made


@contextmanager
def averaged_weights(optimizers: Iterable[torch.optim.Optimizer]) -> Iterator[None]:
    """Puts the averaged weights of schedule-free optimizers into their networks, and then those of training back.

    The weights of training come back bit by bit, so that a training does not depend on when it validates and saves.
    Tensors that were taken out of a network in between stay what they were.

    Args:
        optimizers: any; others are left alone.
    """
    averaging = [optimizer for optimizer in optimizers if _averages(optimizer)]
    parameters = [p for optimizer in averaging for group in optimizer.param_groups for p in group["params"]]
    trained = [parameter.data for parameter in parameters]
    for parameter in parameters:
        parameter.data = parameter.data.clone()
    use_averages(averaging)
    try:
        yield
    finally:
        for parameter, data in zip(parameters, trained, strict=True):
            parameter.data = data
        for optimizer in averaging:
            for group in optimizer.param_groups:
                group["train_mode"] = True


def use_averages(optimizers: Iterable[torch.optim.Optimizer]) -> None:
    """Puts the averaged weights of schedule-free optimizers into their networks for good, after a training."""
    for optimizer in optimizers:
        if _averages(optimizer):
            optimizer.eval()  # type: ignore[attr-defined]


def _averages(optimizer: torch.optim.Optimizer) -> bool:
    return any(group.get("train_mode") for group in optimizer.param_groups)
