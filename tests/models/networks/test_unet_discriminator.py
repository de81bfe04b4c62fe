"""The discriminator of Real-ESRGAN: its size, its spectral norm and its skip connections."""

import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.registry import MODELS


def test_it_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        network = MODELS.build(dict(type="UNetDiscriminator"))
    assert sum(parameter.numel() for parameter in network.parameters()) == 4_376_897


def test_weights_are_spectrally_normalised_except_in_the_first_and_last_layer() -> None:
    network = MODELS.build(dict(type="UNetDiscriminator", channels=4))
    for _ in range(60):  # a power iteration each
        network(torch.rand(1, 3, 16, 16))
    normalised = [*network.down, *network.up, *network.refine]
    norms = [torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in normalised]
    assert norms == pytest.approx([1.0] * 8, rel=1e-2)
    assert {type(layer).__name__ for layer in (network.first, network.last)} == {"Conv2d"}


@pytest.mark.parametrize("size", [(16, 24), (19, 13)])
def test_it_judges_each_pixel_of_images_of_any_size(size: tuple[int, int]) -> None:
    for bands in (1, 3):
        network = MODELS.build(dict(type="UNetDiscriminator", channels=2, image_channels=bands))
        assert network(torch.rand(2, bands, *size)).shape == (2, 1, *size)


def test_fine_structure_reaches_the_output_by_the_skip_connections() -> None:
    network = MODELS.build(dict(type="UNetDiscriminator", channels=4)).double().eval()
    image = torch.rand(1, 3, 32, 32, dtype=torch.float64, requires_grad=True)
    network(image)[0, 0, 16, 16].backward()
    reach = image.grad.abs().sum(1)[0] > 0
    assert reach[16, 16]
    assert reach.sum() > 20 * 20  # and the whole neighbourhood through the bottom of the U


def test_images_that_are_too_small_are_an_error() -> None:
    with pytest.raises(UserError, match="at least 8 px"):
        MODELS.build(dict(type="UNetDiscriminator", channels=2))(torch.rand(1, 3, 7, 16))
