"""Strips of training images for TensorBoard and the work dir."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from cyclesr.registry import HOOKS

STRIPS = (("syn", "fake_real", "sr", "hr"), ("real", "real_sr"), ("lr", "sr", "hr"))


@HOOKS.register_module()
class PreviewHook(Hook):
    """Writes the strips ``syn | fake_real | sr | hr`` and ``real | sr`` of the current batch at regular intervals.

    Args:
        interval: number of iterations between strips.
    """

    priority = "LOW"

    def __init__(self, interval: int = 1000) -> None:
        self.interval = interval

    @master_only
    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Writes the strips if they are due.

        Random generators and batch statistics are not changed, so the training equals one without previews.
        """
        if not self.every_n_train_iters(runner, self.interval):
            return
        runner.model.eval()
        devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
        with torch.random.fork_rng(devices=devices), runner.optim_wrapper.averaged_weights():
            images = runner.model.preview(data_batch)
        runner.model.train()
        for names in STRIPS:
            if all(name in images for name in names):
                strip = side_by_side([images[name] for name in names])
                runner.visualizer.add_image("_".join(names), strip, step=runner.iter + 1)


def side_by_side(images: list[Tensor]) -> np.ndarray:
    """Returns images ``(1, C, h, w)`` in [0, 1] as one uint8 picture ``(H, W, 3)``.

    Of other than RGB images, the first three bands are shown, or the first.

    Smaller images are enlarged to the height of the tallest by nearest-neighbour interpolation.
    """
    height = max(image.shape[-2] for image in images)
    enlarged = [F.interpolate(i.float().cpu(), scale_factor=height / i.shape[-2], mode="nearest") for i in images]
    strip = torch.cat(enlarged, dim=-1)[0].clamp(0, 1)
    strip = strip[:3] if len(strip) >= 3 else strip[:1].expand(3, -1, -1)
    return (strip * 255).round().byte().permute(1, 2, 0).numpy()
