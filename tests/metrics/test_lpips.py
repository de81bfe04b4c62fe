"""LPIPS: without ImageNet weights it is omitted and logged once; with weights it equals the published arithmetic."""

import warnings
from pathlib import Path

import lpips
import pytest
import torch
import torch.nn.functional as F

from cyclesr.errors import UserError
from cyclesr.metrics.lpips import load_lpips
from cyclesr.metrics.protocols import get_protocol


@pytest.fixture
def fresh():
    load_lpips.cache_clear()
    yield
    load_lpips.cache_clear()


def package_model(net: str = "squeeze") -> lpips.LPIPS:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lpips.LPIPS(net=net, pnet_rand=True, verbose=False).eval()


def torchvision_state(model: lpips.LPIPS) -> dict[str, torch.Tensor]:
    return {"features." + key.split(".", 1)[1]: value for key, value in model.net.state_dict().items()}


def test_equals_the_package_with_the_same_backbone(tmp_path, fresh):
    model = package_model()
    torch.save(torchvision_state(model), tmp_path / "squeezenet1_1-0123.pth")
    sr, hr = (torch.randint(0, 256, (2, 3, 48, 48)) / 255).unbind()
    with torch.no_grad():
        expected = float(model(sr[None], hr[None], normalize=True))
    metric = load_lpips("squeeze", str(tmp_path))
    assert metric(sr, hr) == pytest.approx(expected, rel=1e-5)
    assert get_protocol("plain").score(sr, hr, metric)["lpips"] == pytest.approx(expected, rel=1e-5)


# Per network: convolutions of each stage (index in torchvision, stride, padding), kernel size of the max pooling with
# stride 2, and the stages that follow a pooling. The outputs of the stages are compared.
STAGES = {
    "alex": ([[(0, 4, 2)], [(3, 1, 2)], [(6, 1, 1)], [(8, 1, 1)], [(10, 1, 1)]], 3, (1, 2)),
    "vgg": (
        [[(n, 1, 1) for n in stage] for stage in ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))],
        2,
        (1, 2, 3, 4),
    ),
}


def features(net: str, state: dict[str, torch.Tensor], image: torch.Tensor) -> list[torch.Tensor]:
    """Returns the output of each stage for (3, H, W) in [0, 1], normalised along the channels."""
    shift, scale = torch.tensor([[-0.030, -0.088, -0.188], [0.458, 0.448, 0.450]], dtype=torch.float64)[..., None, None]
    x = ((2 * image.double() - 1 - shift) / scale)[None]
    stages, side, pooled = STAGES[net]
    found = []
    for number, stage in enumerate(stages):
        x = F.max_pool2d(x, side, 2) if number in pooled else x
        for layer, stride, padding in stage:
            weight, bias = (state[f"features.{layer}.{name}"].double() for name in ("weight", "bias"))
            x = F.conv2d(x, weight, bias, stride, padding).relu()
        found.append(x / x.square().sum(1, keepdim=True).sqrt())
    return found


@pytest.mark.parametrize(("net", "file"), [("alex", "alexnet"), ("vgg", "vgg16")])
def test_equals_its_definition(net, file, tmp_path, fresh):
    state = torchvision_state(package_model(net))
    torch.save(state, tmp_path / f"{file}.pth")
    heads = torch.load(Path(lpips.__file__).parent / f"weights/v0.1/{net}.pth", map_location="cpu", weights_only=True)
    sr, hr = (torch.randint(0, 256, (2, 3, 64, 48)) / 255).unbind()
    pairs = zip(features(net, state, sr), features(net, state, hr), strict=True)
    # Zhang et al., Eq. (1); the heads contain the weights of the squared differences.
    squares = [(first - second).square() for first, second in pairs]
    weighted = [F.conv2d(s, heads[f"lin{k}.model.1.weight"].double()).mean().item() for k, s in enumerate(squares)]
    assert load_lpips(net, str(tmp_path))(sr, hr) == pytest.approx(sum(weighted), rel=1e-4)


def test_lpips_is_measured_at_the_best_shift(tmp_path, fresh):
    torch.save(torchvision_state(package_model()), tmp_path / "squeezenet1_1.pth")
    hr = torch.randint(0, 256, (3, 80, 80)) / 255
    scores = get_protocol("cyclesr").score(hr.roll((4, -3), (1, 2)), hr, load_lpips("squeeze", str(tmp_path)))
    assert scores["lpips"] == 0.0


def test_without_weights_it_is_omitted_and_logged_once(tmp_path, monkeypatch, fresh):
    said = []
    monkeypatch.setattr("cyclesr.metrics.lpips.print_log", lambda text, **_: said.append(text))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert [load_lpips("alex"), load_lpips("alex")] == [None, None]
    assert len(said) == 1
    assert "LPIPS is not measured" in said[0]


def test_mistakes(tmp_path, fresh):
    with pytest.raises(UserError, match=r"alex, vgg, squeeze.*'alexnet'.*'alex'"):
        load_lpips("alexnet")
    with pytest.raises(UserError, match=r"weights of alexnet.*absent\.pth"):
        load_lpips("alex", str(tmp_path / "absent.pth"))
    (tmp_path / "alexnet.pth").write_bytes(b"not weights")
    with pytest.raises(UserError, match=r"alexnet\.pth.*UnpicklingError"):
        load_lpips("alex", str(tmp_path))
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "alexnet.pth")
    with pytest.raises(UserError, match=r"9 tensors.*features\.0\.bias"):
        load_lpips("alex", str(tmp_path / "alexnet.pth"))


@pytest.mark.parametrize(
    ("net", "file", "smallest"), [("alex", "alexnet", 31), ("vgg", "vgg16", 16), ("squeeze", "squeezenet1_1", 17)]
)
def test_smallest_images(net, file, smallest, tmp_path, fresh):
    torch.save(torchvision_state(package_model(net)), tmp_path / f"{file}.pth")
    metric = load_lpips(net, str(tmp_path))
    image = torch.rand(3, smallest, 50)
    assert metric(image, image) == 0.0
    with pytest.raises(UserError, match=rf"{net}.*at least {smallest} pixels.*50x{smallest - 1}"):
        metric(image[:, 1:], image[:, 1:])
