"""PatchNCE compared with its formula, position by position."""

import math

import pytest
import torch
import torch.nn.functional as F

from cyclesr.models.losses.contrastive import patch_nce


def test_patch_nce_by_hand() -> None:
    torch.manual_seed(0)
    query, key = F.normalize(torch.randn(2, 2, 4, 3, dtype=torch.float64), dim=-1)
    total = 0.0
    for image in range(2):
        for place in range(4):
            powers = [math.exp(float(query[image, place] @ key[image, other]) / 0.5) for other in range(4)]
            total -= math.log(powers[place] / sum(powers))
    assert patch_nce(query, key, 0.5).item() == pytest.approx(total / 8, rel=1e-12)


def test_equal_vectors_are_at_chance_and_orthogonal_ones_are_separable() -> None:
    same = torch.ones(1, 5, 1)
    assert patch_nce(same, same, 0.07).item() == pytest.approx(math.log(5), rel=1e-6)
    axes = torch.eye(5)[None]
    assert patch_nce(axes, axes, 0.07).item() == pytest.approx(math.log(1 + 4 * math.exp(-1 / 0.07)), abs=1e-6)
    assert patch_nce(axes, axes.roll(1, dims=1), 0.07).item() > 10


def test_the_key_is_a_constant_and_autocast_changes_nothing() -> None:
    torch.manual_seed(0)
    query, key = F.normalize(torch.randn(2, 1, 6, 4), dim=-1)
    query.requires_grad_()
    key.requires_grad_()
    loss = patch_nce(query, key, 0.07)
    loss.backward()
    assert key.grad is None
    assert query.grad is not None
    assert query.grad.abs().max() > 0
    assert torch.autograd.gradcheck(lambda q: patch_nce(q, key.double(), 0.5), query.detach().double().requires_grad_())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert patch_nce(query, key, 0.07).item() == loss.item()
