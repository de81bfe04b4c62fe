"""Sums of losses: values, names, and the weight that joint optimisation needs."""

from pathlib import Path
from typing import Any

import pytest
import torch

from cyclesr.config import load_config
from cyclesr.engine.launch import train
from cyclesr.errors import UserError
from cyclesr.registry import LOSSES, MODELS

TWO = [dict(type="L1Loss", weight=2.0), dict(type="MSELoss")]


def test_is_the_weighted_sum() -> None:
    sr, hr = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    loss = LOSSES.build(dict(type="SumOfLosses", losses=TWO, weight=3.0))
    expected = 3 * (2 * (sr - hr).abs().mean() + (sr - hr).square().mean())
    assert loss(sr, hr).item() == pytest.approx(expected.item(), rel=1e-6)
    double = [torch.rand(1, 3, 2, 2, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    assert torch.autograd.gradcheck(loss, tuple(double))


def test_losses_of_one_kind_are_numbered() -> None:
    kinds = [*TWO, dict(type="L1Loss"), dict(type="torch.nn.L1Loss")]
    assert list(LOSSES.build(dict(type="SumOfLosses", losses=kinds)).terms) == [
        "L1Loss", "MSELoss", "L1Loss2", "L1Loss3",
    ]  # fmt: skip


def test_mistakes() -> None:
    with pytest.raises(UserError, match=r"SumOfLosses.*at least one"):
        LOSSES.build(dict(type="SumOfLosses", losses=[]))
    with pytest.raises(UserError, match=r"'L1Los'.*'L1Loss'"):
        LOSSES.build(dict(type="SumOfLosses", losses=[dict(type="L1Los")]))


def test_joint_optimisation_needs_the_weight_of_the_sum(tiny_config: Path) -> None:
    model: dict[str, Any] = load_config(str(tiny_config)).model.to_dict()
    model |= dict(optimisation="joint", sr_loss=dict(type="SumOfLosses", losses=TWO))
    with pytest.raises(UserError, match=r"feedback_weight=100 and sr_loss\.weight=1"):
        MODELS.build(model)
    model["sr_loss"]["weight"] = 100.0
    assert MODELS.build(model).sr_loss.weight == 100.0


def test_every_term_is_logged(tiny_config: Path, tmp_path: Path) -> None:
    options = {
        "model.sr_loss": dict(type="SumOfLosses", losses=TWO, weight=0.5),
        "train_cfg.max_iters": 3,
        "val_cfg": None,
        "val_dataloader": None,
        "val_evaluator": None,
        "optim_wrapper.accumulate": 2,
    }
    train(str(tiny_config), work_dir=str(tmp_path / "run"), device="cpu", options=options)
    log = torch.load(tmp_path / "run" / "iter_3.pth", weights_only=True)["message_hub"]["log_scalars"]
    total, *terms = (log[f"train/loss_sr{name}"][0] for name in ("", "_L1Loss", "_MSELoss"))
    assert len(total) == 2  # the first iteration trains only the translator
    assert [sum(both) for both in zip(*terms, strict=True)] == pytest.approx(total, rel=1e-6)
    assert min(terms[0] + terms[1]) > 0
