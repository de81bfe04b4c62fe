"""Previews are written and do not change the training."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from cyclesr.engine.hooks import PreviewHook


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    @torch.no_grad()
    def preview(self, data: dict) -> dict:
        lr = self.norm(data["lr"]) + torch.rand(())
        return dict(lr=lr, sr=torch.zeros(1, 3, 8, 8), hr=torch.ones(1, 3, 8, 8))


def test_a_preview_does_not_change_statistics_and_random_generators() -> None:
    model, strips = Net().train(), {}
    visualizer = SimpleNamespace(add_image=lambda name, strip, step: strips.update({name: (strip, step)}))
    optimizers = SimpleNamespace(averaged_weights=nullcontext)
    runner = SimpleNamespace(model=model, iter=1, visualizer=visualizer, optim_wrapper=optimizers)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    data = dict(lr=torch.rand(1, 3, 2, 2))
    state = torch.get_rng_state()
    PreviewHook(interval=2).after_train_iter(runner, 1, data)
    assert torch.equal(torch.get_rng_state(), state)
    strip, step = strips["lr_sr_hr"]
    assert (strip.shape, strip.dtype, step) == ((8, 24, 3), np.uint8, 2)
    assert model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
