"""DISTS compared with the authors' package, with weights from a formula; without VGG16's weights it is omitted."""

import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.metrics.columns import load_columns
from cyclesr.metrics.dists import CHANNELS, STAGES, load_dists
from cyclesr.metrics.protocols import get_protocol
from cyclesr.models.losses import DISTSLoss

# DISTS-pytorch 0.1 on the weights and images below, its own alpha and beta.
PUBLISHED = 0.0089163


@pytest.fixture(autouse=True)
def _fresh():
    load_dists.cache_clear()
    yield
    load_dists.cache_clear()


def waves(shape: tuple[int, ...], number: int) -> torch.Tensor:
    steps = torch.arange(torch.tensor(shape).prod().item(), dtype=torch.float64)
    return torch.sin(steps * (0.37 + 0.011 * number)).reshape(shape)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    """Writes a file like torchvision's VGG16 whose weights are sines, and returns its path."""
    state, number, inputs = {}, 0, 3
    for stage, width in zip(STAGES, CHANNELS[1:], strict=True):
        for layer in stage:
            kernel = waves((width, inputs, 3, 3), number) * 2 * (2 / (9 * inputs)) ** 0.5
            state[f"features.{layer}.weight"] = kernel.float()
            state[f"features.{layer}.bias"] = (waves((width,), number + 1) * 0.05).float()
            number, inputs = number + 2, width
    path = tmp_path_factory.mktemp("weights") / "vgg16-sines.pth"
    torch.save(state, path)
    return str(path)


def images() -> tuple[torch.Tensor, torch.Tensor]:
    y, x = torch.meshgrid(torch.arange(50.0), torch.arange(66.0), indexing="ij")
    hr = torch.stack([(torch.sin(x * y / (20 + 5 * c)) + 1) / 2 for c in range(3)])
    return (hr * 0.8 + 0.1 * torch.cos(x / 3)).clamp(0, 1), hr


def test_equals_the_authors_package(weights) -> None:
    sr, hr = images()
    metric = load_dists(weights)
    assert metric(sr, hr) == pytest.approx(PUBLISHED, rel=1e-3)
    assert metric(hr, sr) == pytest.approx(PUBLISHED, rel=1e-3)
    assert metric(hr, hr) == pytest.approx(0, abs=1e-6)


def test_is_a_column_of_a_protocol_at_the_best_shift(weights) -> None:
    hr = torch.rand(3, 60, 60)
    columns = load_columns(["dists"], weights)
    assert get_protocol("cyclesr").score(hr.roll((4, -3), (1, 2)), hr, columns=columns)["dists"] < 1e-6
    assert get_protocol("plain").score(hr.roll((4, -3), (1, 2)), hr, columns=columns)["dists"] > 1e-3


def test_without_weights_it_is_omitted_and_logged_once(tmp_path, monkeypatch) -> None:
    said = []
    monkeypatch.setattr("cyclesr.metrics.dists.print_log", lambda text, **_: said.append(text))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert [load_columns(["dists"]), load_columns(["dists"])] == [{}, {}]
    assert len(said) == 1
    assert "DISTS is not measured" in said[0]


def test_mistakes(tmp_path, weights) -> None:
    with pytest.raises(UserError, match=r"weights of VGG16.*vgg16-\*\.pth"):
        load_dists(str(tmp_path / "absent.pth"))
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "vgg16.pth")
    with pytest.raises(UserError, match="25 tensors"):
        load_dists(str(tmp_path))
    with pytest.raises(UserError, match="same shape"):
        load_dists(weights)(torch.rand(3, 20, 20), torch.rand(3, 20, 21))
    with pytest.raises(UserError, match=r"no column 'dist'.*'dists'"):
        load_columns(["dist"])


def test_as_a_loss_it_is_the_mean_of_the_metric_and_has_its_gradient(weights) -> None:
    sr, hr = ((255 * image).round() / 255 for image in images())
    pairs = torch.stack([sr, hr.flip(-1)]), torch.stack([hr, hr])
    loss, metric = DISTSLoss(weight=2.0, weights=weights), load_dists(weights)
    expected = [metric(a, b) for a, b in zip(*pairs, strict=True)]
    assert loss(*pairs).item() == pytest.approx(sum(expected), rel=1e-5)
    image, step = sr[None, :, :32, :32].double().requires_grad_(), torch.randn(1, 3, 32, 32, dtype=torch.float64)
    loss.double()
    target = hr[None, :, :32, :32].double()
    loss(image, target).backward()
    up, down = (loss(image.detach() + sign * 1e-8 * step, target) for sign in (1, -1))
    assert (image.grad * step).sum().item() == pytest.approx(((up - down) / 2e-8).item(), rel=1e-3)
    assert not loss.state_dict()


def test_as_a_loss_under_autocast_it_computes_with_weights_that_are_cast_once(weights) -> None:
    loss = DISTSLoss(weights=weights)
    sr, hr = (image[None, :, :32, :32].clone().requires_grad_() for image in images())
    with torch.autocast("cpu", torch.bfloat16):
        expected = loss.distance.held[0](sr, hr)
        found = loss(sr, hr)
    assert torch.equal(found, expected)
    assert torch.equal(*(torch.autograd.grad(distance, sr)[0] for distance in (found, expected)))
    assert {p.dtype for p in loss.distance.held[0].parameters()} == {torch.float32}


def test_as_a_loss_without_weights_it_is_an_error(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UserError, match=r"weights of VGG16.*vgg16-397923af\.pth"):
        DISTSLoss()
