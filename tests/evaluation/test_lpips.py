"""LPIPS without its ImageNet weights: said once, left out; with a file of weights: the package's own arithmetic."""

import warnings

import lpips
import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.evaluation.lpips import load_lpips
from cyclesr.evaluation.protocols import get_protocol


@pytest.fixture
def fresh():
    load_lpips.cache_clear()
    yield
    load_lpips.cache_clear()


def package_model() -> lpips.LPIPS:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lpips.LPIPS(net="squeeze", pnet_rand=True, verbose=False).eval()


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


def test_lpips_is_measured_at_the_best_shift(tmp_path, fresh):
    torch.save(torchvision_state(package_model()), tmp_path / "squeezenet1_1.pth")
    hr = torch.randint(0, 256, (3, 80, 80)) / 255
    scores = get_protocol("cyclesr").score(hr.roll((4, -3), (1, 2)), hr, load_lpips("squeeze", str(tmp_path)))
    assert scores["lpips"] == 0.0


def test_without_weights_it_is_said_once_and_left_out(tmp_path, monkeypatch, fresh):
    said = []
    monkeypatch.setattr("cyclesr.evaluation.lpips.print_log", lambda text, **_: said.append(text))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert [load_lpips("alex"), load_lpips("alex")] == [None, None]
    assert len(said) == 1
    assert "LPIPS is left out" in said[0]


def test_mistakes(tmp_path, fresh):
    with pytest.raises(UserError, match=r"no network 'alexnet'. Did you mean 'alex'"):
        load_lpips("alexnet")
    with pytest.raises(UserError, match="needs the weights of alexnet"):
        load_lpips("alex", str(tmp_path / "absent.pth"))
    (tmp_path / "alexnet.pth").write_bytes(b"not weights")
    with pytest.raises(UserError, match="no file of weights"):
        load_lpips("alex", str(tmp_path))
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "alexnet.pth")
    with pytest.raises(UserError, match=r"lacks 9 tensors of the network, features.0.bias"):
        load_lpips("alex", str(tmp_path / "alexnet.pth"))


@pytest.mark.parametrize(
    ("net", "file", "smallest"), [("alex", "alexnet", 31), ("vgg", "vgg16", 16), ("squeeze", "squeezenet1_1", 17)]
)
def test_smallest_images(net, file, smallest, tmp_path, fresh):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = torchvision_state(lpips.LPIPS(net=net, pnet_rand=True, verbose=False))
    torch.save(state, tmp_path / f"{file}.pth")
    metric = load_lpips(net, str(tmp_path))
    image = torch.rand(3, smallest, 50)
    assert metric(image, image) == 0.0
    with pytest.raises(UserError, match=f"{net} needs {smallest} pixels a side, found {smallest - 1}x50"):
        metric(image[:, 1:], image[:, 1:])
