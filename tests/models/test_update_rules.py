"""What the update step promises to those who add to it: no loss is lost, rules can be added, losses may ask for LR."""

import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from test_collaborative import assert_near, batch, build, moved_parts, weights
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models import CollaborativeSR
from cyclesr.models.losses.terms import Losses, merge_losses, sr_loss_of
from cyclesr.models.losses.weighted_sum import SumOfLosses
from cyclesr.optim.parts import PartOptimizers
from cyclesr.registry import LOSSES, MODELS


@LOSSES.register_module()
class ConsistencyForTests(nn.Module):
    """SR, averaged down again, must give LR back."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, sr: Tensor, hr: Tensor, lr: Tensor) -> Tensor:
        return self.weight * F.mse_loss(F.avg_pool2d(sr, 2), lr)


@MODELS.register_module()
class TwiceForTests(CollaborativeSR):
    """Adds an update rule: two SR losses, one of them on a blurred ``fake_real``."""

    RULES = (*CollaborativeSR.RULES, "with_blur")

    def with_blur(
        self, translator_losses: Losses, fake_real: Tensor, hr: Tensor, optim_wrapper: PartOptimizers
    ) -> Losses:
        translator = optim_wrapper.update(translator_losses, "generators").losses
        lr = F.avg_pool2d(fake_real.detach(), 3, 1, 1)
        return merge_losses(translator=translator, sr_network=self.update_sr(self.sr(lr), hr, lr, optim_wrapper))


def test_equal_keys_name_both_owners() -> None:
    one = torch.ones(())
    assert list(merge_losses(a={"loss_x": one}, b={"loss_y": one})) == ["loss_x", "loss_y"]
    with pytest.raises(UserError, match=r"first owner.*second.*'loss_x'.*rename"):
        merge_losses(first_owner={"loss_x": one}, second={"loss_x": one})


@pytest.mark.parametrize(
    ("key", "optimisation", "owners"),
    [
        ("loss_sr", "joint", "translator and the sr network"),
        ("loss_sr", "alternating", "translator and the sr network"),
        ("loss_feedback", "alternating", "translator and the feedback"),
        ("loss_disc", "joint", "generators and the translator discriminators"),
    ],
)
def test_a_loss_of_the_translator_under_a_taken_name_is_refused(key: str, optimisation: str, owners: str) -> None:
    """It was overwritten before backward: G1 did not learn from it at all."""
    model, optimizers = build(optimisation=optimisation)
    own = model.translator.generator_losses
    model.translator.generator_losses = lambda *images: {**own(*images), key: own(*images)["loss_cycle"]}
    taken = "loss_disc" if key == "loss_disc" else key
    discriminator = model.translator.discriminator_losses
    if key == "loss_disc":
        model.translator.discriminator_losses = lambda *images: {taken: sum(discriminator(*images).values())}
    with pytest.raises(UserError, match=f"{re.escape(owners)}.*{key!r}"):
        model.train_step(batch(), optimizers)


def test_a_rule_of_a_subclass_is_chosen_by_its_name() -> None:
    model, optimizers = build(type="TwiceForTests", optimisation="with_blur")
    before = weights(model)
    losses = model.train_step(batch(), optimizers)
    assert moved_parts(before, weights(model)) == {"generators", "discriminators", "sr"}
    assert "loss_sr" in losses
    assert "loss_feedback" not in losses


def test_an_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"alternating, joint.*'jiont'.*Did you mean 'joint'"):
        build(optimisation="jiont")


@pytest.mark.parametrize("optimisation", ["joint", "alternating"])
def test_a_loss_that_asks_for_lr_gets_what_sr_was_made_from(optimisation: str) -> None:
    terms: list[dict[str, Any]] = [dict(type="ConsistencyForTests"), dict(type="MSELoss")]
    model, optimizers = build(optimisation=optimisation, sr_loss=dict(type="SumOfLosses", losses=terms, weight=100.0))
    data, seen = batch(), []
    model.sr.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0].detach(), output.detach())))
    losses = model.train_step(data, optimizers)
    lr, sr = seen[0]
    expected = 100 * (F.mse_loss(F.avg_pool2d(sr, 2), lr) + F.mse_loss(sr, data["hr"]))
    assert_near(losses["loss_sr"], expected)


def test_a_loss_that_needs_lr_where_there_is_none_says_so() -> None:
    loss = SumOfLosses([dict(type="ConsistencyForTests")])
    with pytest.raises(UserError, match="ConsistencyForTests needs LR"):
        sr_loss_of(loss, torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), None)
