"""Tiles against the whole image, and the self-ensemble against its definition."""

import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.inference import upscale
from cyclesr.inference.tiles import spans
from cyclesr.inference.upscale import Upscaler, delayed, ensemble_of_eight


def conv_network(scale: int = 2) -> nn.Module:
    """Returns a network of receptive radius 3 LR pixels."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(8, 3 * scale**2, 3, padding=1), nn.PixelShuffle(scale)).requires_grad_(
        False
    )


@pytest.mark.parametrize(("height", "width", "tile"), [(37, 50, 16), (16, 64, 16), (9, 11, 4), (40, 21, 100)])
def test_tiles_equal_the_whole_image(height, width, tile):
    network = conv_network()
    lr = torch.rand(3, height, width)
    sr = Upscaler(network, 2, tile=tile, overlap=3)(lr)
    assert sr.shape == (3, 2 * height, 2 * width)
    assert (sr - network(lr[None])[0]).abs().max() < 1e-5


@pytest.mark.parametrize("ensemble", [False, True])
def test_tiles_in_batches_equal_single_ones(ensemble):
    sizes = []

    class Spy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = conv_network()

        def forward(self, lr: Tensor) -> Tensor:
            sizes.append(len(lr))
            return self.network(lr)

    lr = torch.rand(3, 37, 50)
    single = Upscaler(Spy(), 2, tile=10, overlap=3, ensemble=ensemble, batch=1)(lr)
    assert {*sizes} == {1}
    number = len(sizes)
    sizes.clear()
    batched = Upscaler(Spy(), 2, tile=10, overlap=3, ensemble=ensemble, batch=7)(lr)
    torch.testing.assert_close(batched, single, rtol=0, atol=1e-6)
    assert sum(sizes) == number
    assert {*sizes[: -8 if ensemble else -1]} == {7}


def test_a_batch_is_chosen_by_its_pixels(monkeypatch):
    upscaler = Upscaler(nn.Identity(), 1, tile=64, overlap=8)
    span = next(spans(80, 64, 8))
    assert upscaler._batch_for(span, span) == 1
    monkeypatch.setattr(upscale, "first_tile", lambda *_: 144)
    upscaler.device = torch.device("cuda")
    assert upscaler._batch_for(span, span) == 160**2 // 80**2


def test_results_are_the_same_if_the_next_batch_starts_before_they_are_used(monkeypatch):
    lr, network = torch.rand(3, 40, 40), conv_network()
    expected = Upscaler(network, 2, tile=10, overlap=3)(lr)
    monkeypatch.setattr(upscale, "delayed", lambda items, _: delayed(items, 1))  # as on GPUs
    assert torch.equal(Upscaler(network, 2, tile=10, overlap=3)(lr), expected)
    assert list(delayed(iter("abcde"), 2)) == [*"abcde"]


def test_channels_last_gives_the_same_and_is_left_where_a_network_fails_on_it():
    class Views(nn.Module):
        def forward(self, lr: Tensor) -> Tensor:
            assert lr.is_contiguous() or lr.is_contiguous(memory_format=torch.channels_last)
            return lr.view(len(lr), 3, -1).view(lr.shape)

    lr = torch.rand(3, 30, 20)
    assert torch.equal(Upscaler(Views(), 1, channels_last=True)(lr), lr)
    network = conv_network()
    expected = Upscaler(network, 2, channels_last=False)(lr)
    torch.testing.assert_close(Upscaler(network, 2, channels_last=True)(lr), expected, rtol=0, atol=1e-6)
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_too_small_an_overlap_changes_the_result():
    network = conv_network()
    lr = torch.rand(3, 32, 32)
    assert (Upscaler(network, 2, tile=16, overlap=2)(lr) - network(lr[None])[0]).abs().max() > 1e-4


def test_no_tile_is_larger_than_asked_for():
    seen = []

    class Spy(nn.Module):
        def forward(self, lr: Tensor) -> Tensor:
            seen.append(tuple(lr.shape[-2:]))
            return lr

    image = torch.rand(3, 70, 45)
    assert torch.equal(Upscaler(Spy(), 1, tile=20, overlap=5)(image), image)
    assert len(seen) == 6
    assert len({*seen}) == 1
    assert max(seen[0]) <= 20 + 2 * 5


@pytest.mark.parametrize(("length", "tile"), [(1, 1), (17, 5), (64, 64), (65, 64), (71, 64), (100, 7), (1000, 1)])
@pytest.mark.parametrize("overlap", [0, 3])
@pytest.mark.parametrize("begin", [0, 2, 16])
def test_tiles_cover_a_side_once_and_see_equally_many_pixels(length, tile, overlap, begin):
    parts = list(spans(length, tile, overlap, begin))
    begin = min(begin, length)
    assert [i for p in parts for i in range(p.start, p.stop)] == list(range(begin, length))
    (window,) = {p.last - p.first for p in parts}
    assert window <= tile + 2 * overlap
    for p in parts:
        assert 0 <= p.first <= p.start
        assert p.stop <= p.last <= length
        assert p.first == 0 or p.start - p.first >= overlap
        assert p.last == length or p.last - p.stop >= overlap


def test_there_are_as_few_tiles_as_their_size_allows():
    assert [len(list(spans(length, 10, 3))) for length in (16, 17, 26, 27, 36)] == [1, 2, 2, 3, 3]


class Hungry(nn.Module):
    """Runs out of memory above 100 pixels a side."""

    def forward(self, lr: Tensor) -> Tensor:
        if max(lr.shape) > 100:
            raise torch.OutOfMemoryError("full")
        return lr


def test_auto_halves_its_tiles_when_memory_runs_out():
    image = torch.rand(3, 300, 180)
    upscaler = Upscaler(Hungry(), 1, overlap=4)
    assert torch.equal(upscaler(image), image)
    assert upscaler.tile == 75


def test_the_batch_is_halved_before_the_tiles():
    class TakesFew(nn.Module):
        def forward(self, lr: Tensor) -> Tensor:
            if lr.numel() > 3 * 3 * 40**2:
                raise torch.OutOfMemoryError("full")
            return lr

    image = torch.rand(3, 200, 100)
    upscaler = Upscaler(TakesFew(), 1, tile=32, overlap=4, batch=8)
    assert torch.equal(upscaler(image), image)
    assert (upscaler.batch, upscaler.tile) == (2, 32)
    with pytest.raises(UserError, match=r"memory.*200 pixels"):
        Upscaler(TakesFew(), 1, tile=None, batch=8)(image)


def test_auto_on_a_cpu_bounds_the_tiles_of_larger_images():
    seen = []

    class Spy(nn.Module):
        def forward(self, lr: Tensor) -> Tensor:
            seen.append(max(lr.shape))
            return lr.repeat_interleave(8, 2).repeat_interleave(8, 3)

    for width in (512, 513):
        Upscaler(Spy(), 8, overlap=1)(torch.zeros(3, 4, width))
    assert seen[0] == 512
    assert max(seen[1:]) <= 768 // 8 + 2


def test_rows_take_stored_images_and_apply_keep():
    network = conv_network()
    image = torch.randint(0, 256, (21, 13, 3), dtype=torch.uint8).numpy()
    lr = torch.from_numpy(image).permute(2, 0, 1) / 255
    expected = (network(lr[None])[0].clamp(0, 1) * 255 + 0.5).to(torch.uint8)
    found = []
    for row, tiles in Upscaler(network, 2, tile=6, overlap=3).rows(image, lambda tile: tile.clamp(0, 1) * 255 + 0.5):
        assert row.start == sum(t.shape[1] for t in found) // 2
        found.append(torch.cat(tiles, 2).to(torch.uint8))
        assert found[-1].shape[1] == 2 * (row.stop - row.start) <= 2 * (6 + 3)
    assert (torch.cat(found, 1).int() - expected.int()).abs().max() <= 1  # a difference of 1e-7 can change rounding
    assert torch.cat(found, 1).shape == expected.shape


def test_no_row_is_lost_when_memory_runs_out_halfway():
    sides = []

    class TiredOnce(nn.Module):
        def forward(self, lr: Tensor) -> Tensor:
            sides.append(max(lr.shape))
            if len(sides) == 6:
                raise torch.OutOfMemoryError("full")
            return lr

    image = torch.rand(3, 1200, 900)
    upscaler = Upscaler(TiredOnce(), 1, overlap=0)
    upscaler.tile = 400
    assert torch.equal(upscaler(image), image)
    assert sides == [400] * 6 + [200] * 4 * 5  # a row has 3 tiles, then 5; 800 of 1200 pixels were left


def test_a_tile_that_does_not_fit_into_memory_is_a_user_error():
    with pytest.raises(UserError, match=r"memory.*128 pixels.*--tile"):
        Upscaler(Hungry(), 1, tile=128)(torch.rand(3, 200, 200))
    with pytest.raises(UserError, match=r"memory.*37 pixels"):
        Upscaler(Hungry(), 1, overlap=60)(torch.rand(3, 300, 300))


class HungryOnCpu(nn.Module):
    """Allocates more memory than any CPU has, above 100 pixels a side."""

    def forward(self, lr: Tensor) -> Tensor:
        return torch.empty(2**60) if max(lr.shape) > 100 else lr


def test_a_cpu_that_runs_out_of_memory_takes_smaller_tiles_too():
    image = torch.rand(3, 300, 180)
    assert torch.equal(Upscaler(HungryOnCpu(), 1, overlap=4)(image), image)
    with pytest.raises(UserError, match=r"memory of cpu.*300 pixels.*--tile"):
        Upscaler(HungryOnCpu(), 1, tile=None)(image)


class Windows(nn.Module):
    """Takes only multiples of 4, as window attention does."""

    def forward(self, lr: Tensor) -> Tensor:
        return lr.unfold(-1, 4, 4).reshape(lr.shape)


def test_a_size_that_a_network_does_not_take_is_an_error_of_one_line():
    image = torch.rand(3, 8, 12)
    assert torch.equal(Upscaler(Windows(), 1)(image), image)
    with pytest.raises(UserError, match=r"Windows.*11x8 pixels.*shape.*Padded") as error:
        Upscaler(Windows(), 1)(image[..., :11])
    assert "\n" not in str(error.value)


def test_ensemble_of_an_equivariant_network_changes_nothing():
    lr = torch.rand(3, 7, 10)
    assert torch.allclose(ensemble_of_eight(lambda x: 2 * x + 1, lr), 2 * lr + 1)


def test_ensemble_is_the_mean_over_the_eight_symmetries():
    network = conv_network()
    lr = torch.rand(3, 9, 12)

    def run(image: Tensor) -> Tensor:
        return network(image[None])[0]

    plain = [run(lr), run(lr.flip(1)).flip(1), run(lr.flip(2)).flip(2), run(lr.flip(1, 2)).flip(1, 2)]
    across = lr.transpose(1, 2)
    turned = [run(across), run(across.flip(1)).flip(1), run(across.flip(2)).flip(2), run(across.flip(1, 2)).flip(1, 2)]
    expected = (sum(plain) + sum(t.transpose(1, 2) for t in turned)) / 8
    assert torch.allclose(Upscaler(network, 2, ensemble=True)(lr), expected, atol=1e-6)


def test_bfloat16_is_near_float32():
    network = conv_network()
    lr = torch.rand(3, 8, 8)
    difference = Upscaler(network, 2, dtype=torch.bfloat16)(lr) - Upscaler(network, 2)(lr)
    assert 0 < difference.abs().max() < 0.02


def test_invalid_settings():
    with pytest.raises(UserError, match=r"tile.*'auto'.*found 0"):
        Upscaler(nn.Identity(), 1, tile=0)
    with pytest.raises(UserError, match=r"tile.*found 'big'"):
        Upscaler(nn.Identity(), 1, tile="big")
    with pytest.raises(UserError, match=r"overlap.*found -1"):
        Upscaler(nn.Identity(), 1, overlap=-1)
    with pytest.raises(UserError, match=r"batch.*'auto'.*found 0"):
        Upscaler(nn.Identity(), 1, batch=0)
    with pytest.raises(UserError, match="float16"):
        Upscaler(nn.Identity(), 1, dtype=torch.float16)


def test_a_network_of_another_scale_is_an_error():
    with pytest.raises(UserError, match=r"\(3, 8, 8\).*x4.*\(3, 32, 32\).*\(3, 16, 16\)"):
        Upscaler(conv_network(2), 4)(torch.rand(3, 8, 8))
