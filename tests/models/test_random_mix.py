"""The mix of a learned degradation and a random chain: shares, what each kind of crop is made of, and gradients."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from test_collaborative import batch, build
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.random_mix import RandomMix
from cyclesr.models.stages import Stage


class _Keeps(nn.Module):
    """A chain that keeps what it was given, and returns black."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Tensor] = []

    def forward(self, image: Tensor, size: tuple[int, int]) -> Tensor:
        self.given.append(image)
        return image.new_zeros(*image.shape[:2], *size)


def mix(**probabilities: float) -> RandomMix:
    made = RandomMix(**probabilities)
    made.chain = _Keeps()
    return made


def test_shares_and_sources() -> None:
    mixed = mix(random=0.3, both=0.2)
    fake_real, hr = torch.full((1000, 3, 2, 2), 0.25, requires_grad=True), torch.full((1000, 3, 4, 4), 0.75)
    seen = mixed(fake_real, hr)
    kept = (seen == 0.25).all(dim=(1, 2, 3))
    assert torch.equal(seen[~kept], torch.zeros_like(seen[~kept]))
    given = torch.cat(mixed.chain.given)
    assert given.shape[1:] == (3, 4, 4)
    of_hr = (given == 0.75).all(dim=(1, 2, 3))
    torch.testing.assert_close(given[~of_hr], torch.full_like(given[~of_hr], 0.25))
    counts = [int(of_hr.sum()), int((~of_hr).sum()), int(kept.sum())]
    assert stats.chisquare(counts, [300, 200, 500]).pvalue > 1e-3
    seen.sum().backward()
    assert torch.equal(fake_real.grad[:, 0, 0, 0], kept.float())


def test_the_real_chain_is_deterministic_by_seed() -> None:
    made, fake_real, hr = RandomMix(random=0.5, both=0.5), torch.rand(4, 3, 12, 12), torch.rand(4, 3, 24, 24)
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append(made(fake_real, hr))
    assert runs[0].shape == fake_real.shape
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize("stage", [Stage.SR_ON_FAKE, Stage.JOINT])
def test_the_sr_network_sees_the_mix_and_the_translator_does_not(stage: Stage, monkeypatch) -> None:
    model, optimizers = build(mix=dict(random=1.0, both=0.0))
    model.mix.chain = _Keeps()
    model.stage = stage
    seen: dict[str, Any] = {}
    model.sr.register_forward_hook(lambda _, inputs, output: seen.update(lr=inputs[0].detach(), sr=output.detach()))
    data = batch()
    losses = model.train_step(data, optimizers)
    assert torch.equal(seen["lr"], torch.zeros_like(seen["lr"]))
    assert losses["loss_sr"].item() == pytest.approx(100 * F.mse_loss(seen["sr"], data["hr"]).item(), rel=1e-5)
    assert ("loss_feedback" in losses) == (stage is Stage.JOINT)


def test_impossible_probabilities_are_an_error() -> None:
    with pytest.raises(UserError, match=r"at most 1 in sum; found 0.7 and 0.4"):
        build(mix=dict(random=0.7, both=0.4))


def test_it_is_a_part_of_resuming(tmp_path: Path) -> None:
    assert not list(RandomMix().state_dict())  # all that it draws comes from generators that a checkpoint holds
