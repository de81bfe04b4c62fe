"""Feature networks: torchvision's arithmetic and names, and the errors for missing weights."""

import os
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from cyclesr.errors import UserError
from cyclesr.imagenet_weights import find_imagenet_weights
from cyclesr.models.networks.imagenet_features import ImageNetFeatures
from cyclesr.registry import MODELS

MEAN, DEVIATION = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 1, 3, 1, 1)


def torchvision_features(network: str, path: Path) -> nn.Sequential:
    """Returns torchvision's network with small random weights and saves them to ``path``."""
    with torch.device("meta"):
        features = getattr(torchvision.models, network)().features
    features = features.to_empty(device="cpu").eval()
    with torch.no_grad():
        for p in features.parameters():
            p.copy_(torch.randn(p.shape) * (p[0].numel() ** -0.5 if p.ndim > 1 else 0.1))
    torch.save({f"features.{name}": tensor for name, tensor in features.state_dict().items()}, path)
    return features


@pytest.mark.parametrize(
    ("network", "layers"),
    [
        ("vgg19", dict(conv5_4=34, relu1_2=3, pool2=9)),
        ("vgg16", dict(conv5_3=28, relu4_3=22, conv1_1=0)),
        ("alexnet", dict(conv5=10, relu2=4, pool2=5)),
    ],
)
def test_layers_equal_those_of_torchvision(network: str, layers: dict[str, int], tmp_path: Path) -> None:
    theirs = torchvision_features(network, tmp_path / f"{network}-0123.pth")
    for module in theirs:
        if isinstance(module, nn.ReLU):
            module.inplace = False
    image = torch.rand(2, 3, 64, 48)
    with torch.no_grad():
        maps = ImageNetFeatures(network, list(layers), str(tmp_path))(image)
        for name, index in layers.items():
            expected = theirs[: index + 1]((image - MEAN) / DEVIATION)
            torch.testing.assert_close(maps[name], expected, rtol=1e-4, atol=1e-5)
    assert set(maps) == set(layers)


def test_layers_after_the_last_requested_one_are_neither_built_nor_loaded(tmp_path: Path) -> None:
    torch.save({"0.weight": torch.ones(64, 3, 11, 11), "0.bias": torch.zeros(64)}, tmp_path / "own.pth")
    network = MODELS.build(
        dict(type="ImageNetFeatures", network="alexnet", layers=("relu1",), weights=str(tmp_path / "own.pth"))
    )
    assert [type(layer) for layer in network.features] == [nn.Conv2d, nn.ReLU]
    white = torch.ones(1, 3, 33, 33)
    expected = 121 * sum((1 - m) / d for m, d in zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True))
    assert network(white)["relu1"][0, 0, 3, 3].item() == pytest.approx(expected, rel=1e-5)


def test_without_weights_the_error_names_file_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UserError, match=r"vgg19-\*\.pth.*checkpoints.*vgg19-dcbb9e9d\.pth"):
        ImageNetFeatures()
    with pytest.raises(UserError, match=r"vgg16-\*\.pth.*absent\.pth"):
        ImageNetFeatures("vgg16", weights=str(tmp_path / "absent.pth"))
    (tmp_path / "vgg16.pth").write_bytes(b"not weights")
    with pytest.raises(UserError, match=r"vgg16\.pth.*UnpicklingError"):
        ImageNetFeatures("vgg16", weights=str(tmp_path))
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "vgg16.pth")
    with pytest.raises(UserError, match=r"25 tensors.*features\.0\.bias"):
        ImageNetFeatures("vgg16", weights=str(tmp_path))


def test_names_that_do_not_exist() -> None:
    with pytest.raises(UserError, match=r"'vgg17'.*Did you mean 'vgg1"):
        ImageNetFeatures("vgg17")
    with pytest.raises(UserError, match=r"vgg16.*'conv5_4'.*Did you mean 'conv"):
        ImageNetFeatures("vgg16", ["conv5_4"])


def test_weights_of_a_network_with_a_longer_name_are_not_taken(tmp_path: Path) -> None:
    for name in ("vgg16_bn-6c64b313.pth", "vgg16_features-amdegroot-88682ab5.pth", "vgg160.pth"):
        (tmp_path / name).touch()
    assert find_imagenet_weights("vgg16", tmp_path) is None
    (tmp_path / "vgg16-397923af.pth").touch()
    assert find_imagenet_weights("vgg16", tmp_path) == tmp_path / "vgg16-397923af.pth"
    (tmp_path / "vgg16.pth").touch()
    os.utime(tmp_path / "vgg16-397923af.pth", (0, 0))
    assert find_imagenet_weights("vgg16", tmp_path) == tmp_path / "vgg16.pth"
    (tmp_path / "alexnet_features.pth").touch()
    assert find_imagenet_weights("alexnet", tmp_path) == tmp_path / "alexnet_features.pth"
