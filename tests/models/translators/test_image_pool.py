"""The history of fakes: CycleGAN's rule, and nothing lost in a checkpoint."""

import copy

import torch
from torch import Tensor

from cyclesr.models.translators.image_pool import ImagePool


def numbered(start: int, stop: int) -> Tensor:
    """Images that carry their number in every pixel."""
    return torch.arange(float(start), float(stop)).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def numbers(images: Tensor) -> list[int]:
    return images[:, 0, 0, 0].int().tolist()


def test_while_it_fills_the_fakes_come_back() -> None:
    pool = ImagePool(5)
    assert numbers(pool(numbered(0, 3))) == [0, 1, 2]
    assert numbers(pool.images) == [0, 1, 2]
    shown = numbers(pool(numbered(3, 6)))
    assert shown[:2] == [3, 4]
    assert len(pool.images) == 5


def test_half_of_the_shown_come_from_the_past_and_no_image_is_lost() -> None:
    pool = ImagePool(8)
    shown: list[int] = []
    fresh = 0
    for step in range(400):
        batch = numbered(4 * step, 4 * step + 4)
        out = numbers(pool(batch))
        fresh += sum(a == b for a, b in zip(out, numbers(batch), strict=True)) if step >= 2 else 0
        shown += out
    stored = numbers(pool.images)
    assert 0.45 < fresh / (398 * 4) < 0.55
    # The first eight were shown when they came; whatever entered later left through the window exactly once.
    assert sorted(shown + stored) == sorted([*range(1600), *range(8)])


def test_batches_larger_than_the_pool() -> None:
    pool = ImagePool(2)
    shown = numbers(pool(numbered(0, 9)))
    assert sorted(shown + numbers(pool.images)) == sorted([*range(9), 0, 1])


def test_size_zero_shows_the_present_alone() -> None:
    fakes = torch.rand(2, 3, 4, 4)
    assert ImagePool(0)(fakes) is fakes


def test_another_image_size_starts_anew() -> None:
    pool = ImagePool(4)
    pool(torch.rand(3, 3, 4, 4))
    pool(torch.rand(2, 3, 6, 6))
    assert pool.images.shape == (2, 3, 6, 6)


def test_shown_images_are_copies() -> None:
    pool = ImagePool(1)
    fakes = numbered(0, 1).clone()
    shown = pool(fakes)
    shown.fill_(7.0)
    assert numbers(pool.images) == [0]


def test_a_resumed_pool_continues_exactly() -> None:
    pool = ImagePool(4)
    pool(numbered(0, 4))
    state = copy.deepcopy(pool.state_dict())
    resumed = ImagePool(4)
    assert resumed.load_state_dict(state).missing_keys == []
    for step in range(1, 5):
        outputs = []
        for one in (pool, resumed):
            torch.manual_seed(step)
            outputs.append(numbers(one(numbered(10 * step, 10 * step + 3))))
        assert outputs[0] == outputs[1]
    assert torch.equal(pool.images, resumed.images)


def test_what_is_not_finite_is_stored_as_grey() -> None:
    pool = ImagePool(2)
    fakes = torch.rand(4, 3, 2, 2)
    fakes[:, 0] = torch.nan
    fakes[:, 1, 0, 0] = torch.inf
    for _ in range(4):
        pool(fakes)
    assert (pool.images[:, 0] == 0.5).all()
    assert (pool.images[:, 1, 0, 0] == 1).all()
    assert torch.isin(pool.images[:, 2], fakes[:, 2]).all()
