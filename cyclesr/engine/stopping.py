"""Stopping a training from outside: Ctrl-C and SIGTERM end it after the current iteration, with a checkpoint."""

import signal
import threading
from types import FrameType
from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.hooks import Hook

from cyclesr.errors import Interrupted

DEFAULTS: dict[signal.Signals, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}


class StopSignals:
    """Notes SIGINT and SIGTERM instead of ending the process at once. A second signal ends it.

    Signals that the program handles in another way stay as they are, and so do those outside the main thread, where
    Python cannot handle any.

    Attributes:
        received: number of the signal, 0 before one arrives.
    """

    def __init__(self) -> None:
        self.received = 0
        self._replaced: list[signal.Signals] = []

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            self._replaced = [number for number, usual in DEFAULTS.items() if signal.getsignal(number) == usual]
            for number in self._replaced:
                signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        self._restore()

    def _restore(self) -> None:
        while self._replaced:
            number = self._replaced.pop()
            signal.signal(number, DEFAULTS[number])


class InterruptValidationHook(Hook):
    """Ends a validation after the current image when a signal has arrived.

    Several ranks validate different numbers of images and then wait for each other, so they finish the validation.
    """

    def __init__(self, signals: StopSignals) -> None:
        self.signals = signals

    def after_val_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Raises ``Interrupted`` if a signal has arrived."""
        if self.signals.received and get_world_size() == 1:
            raise Interrupted("validation", self.signals.received)


class Ranks:
    """Agreement of all ranks on how to go on. It does not wait for the device, because it works on CPUs."""

    def __init__(self) -> None:
        several = get_world_size() > 1
        self._group: Any = torch.distributed.new_group(backend="gloo") if several else None

    def gathered(self, value: Any) -> list[Any]:
        """Returns the values of all ranks. All ranks must call it.

        A value that is None or 0 on all ranks costs one small exchange.
        """
        if self._group is None:
            return [value]
        anything = torch.tensor(int(bool(value)))
        torch.distributed.all_reduce(anything, torch.distributed.ReduceOp.MAX, self._group)
        values: list[Any] = [None] * get_world_size()
        if anything:
            torch.distributed.all_gather_object(values, value, self._group)
        return values
