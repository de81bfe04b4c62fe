"""Operations that keep channels_last on GPUs, computed here on CPUs: values, gradients, type and memory format."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.models.networks import channels_last, convolution, image_norm
from cyclesr.models.networks.convolution import Conv2d, ReflectionPad
from cyclesr.models.networks.image_norm import ChannelsLastNorm, ImageNorm, normalise
from cyclesr.models.networks.pixel_shuffle import ChannelsLastShuffle

Operation = Callable[[Tensor], Tensor]


def image(channels: int = 8, dtype: torch.dtype = torch.float32, height: int = 7, width: int = 5) -> Tensor:
    torch.manual_seed(0)
    values = torch.randn(2, channels, height, width, dtype=torch.float64) + torch.arange(channels).view(-1, 1, 1)
    return values.to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()


def own_norm(groups: int) -> Operation:
    return lambda x: ChannelsLastNorm.apply(x, groups, None, None, 1e-5)


PAIRS: dict[str, tuple[Operation, Operation]] = {
    "instance norm": (own_norm(8), lambda x: F.group_norm(x, 8)),
    "layer norm": (own_norm(1), lambda x: F.group_norm(x, 1)),
    "margin 1": (lambda x: ReflectionPad.apply(x, 1), lambda x: F.pad(x, [1] * 4, mode="reflect")),
    "margin 3": (lambda x: ReflectionPad.apply(x, 3), lambda x: F.pad(x, [3] * 4, mode="reflect")),
    "shuffle": (lambda x: ChannelsLastShuffle.apply(x, 2), lambda x: F.pixel_shuffle(x, 2)),
    "margin 4": (lambda x: ReflectionPad.apply(x, 4), lambda x: F.pad(x, [4] * 4, mode="reflect")),
}


OWN = {"instance norm": own_norm(4)}  # of the four channels that derivatives are checked with


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_values_and_gradients_are_those_of_torch(name: str, dtype: torch.dtype, tolerance: float) -> None:
    own, reference = PAIRS[name]
    x = image(dtype=dtype)
    weights = torch.randn_like(reference(x))
    found, expected = own(x), reference(x)
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
    gradients = [torch.autograd.grad(out, x, weights)[0] for out in (found, expected)]
    torch.testing.assert_close(*gradients, rtol=tolerance, atol=tolerance)
    assert channels_last.is_channels_last(found)


@pytest.mark.parametrize("name", ["instance norm", "layer norm", "margin 1", "margin 3", "shuffle"])
def test_first_and_second_derivatives(name: str) -> None:
    x = image(channels=4, dtype=torch.float64, height=5, width=4)
    own = OWN.get(name, PAIRS[name][0])
    assert torch.autograd.gradcheck(own, x, fast_mode=True)
    assert torch.autograd.gradgradcheck(own, x, fast_mode=True)


@pytest.mark.parametrize("groups", [1, 4])
def test_affine_norm(groups: int) -> None:
    x = image(channels=4, dtype=torch.float64)
    weight, bias = (torch.randn(4, dtype=torch.float64, requires_grad=True) for _ in range(2))

    def own(*tensors: Tensor) -> Tensor:
        return ChannelsLastNorm.apply(tensors[0], groups, *tensors[1:], 1e-5)

    torch.testing.assert_close(own(x, weight, bias), F.group_norm(x, groups, weight, bias))
    assert torch.autograd.gradcheck(own, (x, weight, bias), fast_mode=True)
    assert torch.autograd.gradgradcheck(own, (x, weight, bias), fast_mode=True)


@pytest.mark.parametrize("groups", [1, 8])
def test_half_precision_has_statistics_in_float32(groups: int) -> None:
    """A mean that bfloat16 cannot hold must not shift the result."""
    x = (image().detach() * 0.1 + 3).to(torch.bfloat16).requires_grad_()
    weights = torch.randn_like(x)
    found, exact = own_norm(groups)(x), F.group_norm(x.double(), groups)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.double(), exact, rtol=2**-8, atol=2**-8)
    gradients = [torch.autograd.grad(out, x, weights.to(out.dtype))[0] for out in (found, exact)]
    assert gradients[0].dtype == torch.bfloat16
    torch.testing.assert_close(*gradients, rtol=0.05, atol=0.05 * gradients[1].abs().max().item())


def test_a_gradient_of_another_format_gives_one_in_the_format_of_the_input() -> None:
    x = image()
    for out in (own_norm(8)(x), ReflectionPad.apply(x, 2)):
        (gradient,) = torch.autograd.grad(out, x, torch.ones(out.shape).contiguous())
        order = sorted(range(4), key=gradient.stride, reverse=True)
        assert order == [0, 2, 3, 1]


def test_an_activation_works_in_place_on_a_shuffled_image() -> None:
    x = image(channels=8)
    out = F.relu(ChannelsLastShuffle.apply(x, 2), inplace=True)
    (gradient,) = torch.autograd.grad(out.sum(), x)
    assert torch.equal(gradient, (x > 0).float())
    assert channels_last.is_channels_last(gradient)


def test_instance_norm_of_channels_last_images_on_cpus() -> None:
    x = image()
    out = ImageNorm(8, 8, affine=False)(x)
    assert torch.equal(out, F.group_norm(x.contiguous(), 8))
    assert channels_last.is_channels_last(out)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_padding_before_a_convolution_stays_in_bfloat16(memory_format: torch.memory_format) -> None:
    """Autocast on CPUs pads in float32, which is the same image, copied twice."""
    conv = Conv2d(8, 4, 3, 2, 1, padding_mode="reflect")
    x = image(dtype=torch.bfloat16).detach().contiguous(memory_format=memory_format)
    with torch.autocast("cpu", torch.bfloat16):
        expected = F.conv2d(F.pad(x, [1] * 4, mode="reflect"), conv.weight, conv.bias, 2)
        assert torch.equal(conv(x), expected)
        assert convolution.reflect(x, [1] * 4).dtype == torch.bfloat16


def test_conv2d_is_torchs() -> None:
    torch.manual_seed(0)
    own, reference = (kind(8, 4, 3, 2, 1, padding_mode="reflect") for kind in (Conv2d, torch.nn.Conv2d))
    own.load_state_dict(reference.state_dict())
    assert torch.equal(own(image()), reference(image()))
    assert torch.equal(Conv2d(8, 8, 3, padding="same", groups=2)(image()).isfinite().all(), torch.tensor(True))


def test_an_operation_that_fails_on_a_device_is_not_used(monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    """As if torch's kernels refused on some GPU what the norm asks of them."""

    def refused(*_arguments: object) -> Tensor:
        raise RuntimeError("not implemented for 'BFloat16'")

    monkeypatch.setattr(image_norm, "torch_changes_format", channels_last.is_channels_last)
    channels_last.agrees.cache_clear()
    assert normalise(image(), 8).grad_fn.name() == "ChannelsLastNormBackward"
    with monkeypatch.context() as patch:
        patch.setattr(image_norm, "_moments", refused)
        channels_last.agrees.cache_clear()
        assert torch.equal(normalise(image(), 8), F.group_norm(image().contiguous(), 8))
    channels_last.agrees.cache_clear()


def test_an_operation_whose_values_differ_on_a_device_is_not_used() -> None:
    device = torch.device("cpu")
    assert channels_last.agrees(torch.sin, torch.sin, device, torch.bfloat16)
    assert not channels_last.agrees(torch.sin, torch.cos, device, torch.float32)


def test_a_deterministic_training_compares_with_torchs_algorithms_too() -> None:
    """Torch's reflection padding has no deterministic gradient on GPUs: it must not fail in the comparison."""
    seen: list[bool] = []

    def reference(x: Tensor) -> Tensor:
        seen.append(torch.are_deterministic_algorithms_enabled())
        return x.sin()

    torch.use_deterministic_algorithms(True)
    try:
        assert channels_last.agrees(torch.sin, reference, torch.device("cpu"), torch.float32)
        assert seen == [False]
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
