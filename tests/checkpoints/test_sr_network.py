"""Checkpoints: loading SR networks, and the errors for files that cannot be loaded."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from cyclesr.checkpoints.sr_network import load_sr, read_sr, save_sr
from cyclesr.checkpoints.weights import load_weights
from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class NearestForCheckpointTests(nn.Module):
    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, lr: Tensor) -> Tensor:
        return self.gain * lr.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


def entry(**changes) -> dict:
    sound = dict(
        config=dict(type="NearestForCheckpointTests", scale=2), scale=2, state_dict={"gain": torch.tensor([3.0])}
    )
    return {**sound, **changes}


def saved(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "net.pth"
    torch.save(content, path)
    return path


def test_rebuilds_the_network(tmp_path):
    network, scale = load_sr(saved(tmp_path, dict(sr_network=entry(), state_dict={})))
    assert scale == 2
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert torch.equal(network(torch.ones(1, 3, 2, 2)), torch.full((1, 3, 4, 4), 3.0))


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.pth does not exist"):
        load_sr(tmp_path / "nowhere.pth")
    with pytest.raises(UserError, match="is a folder"):
        load_sr(tmp_path)


def test_someone_elses_checkpoint_lists_its_keys(tmp_path):
    with pytest.raises(UserError, match=r"'sr_network'.*optimizer, params_ema"):
        load_sr(saved(tmp_path, dict(params_ema={}, optimizer={})))
    with pytest.raises(UserError, match=r"dict.*found a list"):
        load_sr(saved(tmp_path, [1, 2]))


def test_pickled_objects_are_not_loaded(tmp_path):
    with pytest.raises(UserError, match="could run code"):
        load_sr(saved(tmp_path, dict(sr_network=entry(), extra=Path)))


@pytest.mark.parametrize("kept", [0.5, 0.05, 0.0])
def test_truncated_file(tmp_path, kept):
    path = saved(tmp_path, dict(sr_network=entry(), weights=torch.zeros(1000)))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(UserError, match="truncated"):
        load_sr(path)


def test_file_of_another_format(tmp_path):
    path = tmp_path / "photo.pth"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10)
    for name in ("photo.pth", "photo.jpg"):
        with pytest.raises(UserError, match=rf"{name} is not a checkpoint.*\.pth file"):
            load_sr(path.rename(tmp_path / name))
        path = tmp_path / name


def test_weights_of_another_network(tmp_path):
    path = saved(tmp_path, dict(sr_network=entry(state_dict={"other": torch.zeros(1)})))
    with pytest.raises(UserError, match="do not fit its network"):
        load_sr(path)


def test_weights_of_another_shape_change_nothing():
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 3, 1))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    weights = {name: torch.full_like(tensor, 7) for name, tensor in before.items()} | {
        "2.weight": torch.ones(3, 5, 1, 1)
    }
    with pytest.raises(UserError, match=r"Other weights: .*2\.weight.*3, 5, 1, 1"):
        load_weights(network, weights, "Other weights")
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name


@pytest.mark.parametrize("kind", ["subprocess.run", "builtins.print", "collections.OrderedDict"])
def test_a_file_cannot_choose_what_is_called(tmp_path, kind):
    with pytest.raises(UserError, match=r"not a class of networks|no SR network"):
        load_sr(saved(tmp_path, dict(sr_network=entry(config=dict(type=kind)))))


def test_a_file_cannot_choose_what_is_called_deeper_down(tmp_path):
    config = dict(type="EDSR", scale=4, body=[dict(type="os.system", command="true")])
    with pytest.raises(UserError, match=r"'os\.system'.*not a class of networks"):
        load_sr(saved(tmp_path, dict(sr_network=entry(config=config))))


def test_unknown_network_names_the_nearest(tmp_path):
    config = dict(type="NearestForCheckpointTest", scale=2)
    with pytest.raises(UserError, match="Did you mean 'NearestForCheckpointTests'"):
        load_sr(saved(tmp_path, dict(sr_network=entry(config=config))))


def test_a_scale_of_zero(tmp_path):
    with pytest.raises(UserError, match=r"scale.*from 1 to 64, found 0"):
        load_sr(saved(tmp_path, dict(sr_network=entry(scale=0))))


def safetensors(tmp_path: Path, **changes) -> Path:
    path = tmp_path / "net.safetensors"
    save_sr(entry(**changes), path)
    return path


def test_safetensors_are_sufficient_for_inference(tmp_path):
    network, scale = load_sr(safetensors(tmp_path))
    assert scale == 2
    assert torch.equal(network(torch.ones(1, 3, 2, 2)), torch.full((1, 3, 4, 4), 3.0))


def test_safetensors_that_are_truncated_or_of_other_programs(tmp_path):
    from safetensors.torch import save_file

    path = safetensors(tmp_path)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(UserError, match="truncated"):
        load_sr(path)
    save_file({"weight": torch.zeros(1)}, path)
    with pytest.raises(UserError, match=r"metadata.*'cyclesr'"):
        load_sr(path)
    with pytest.raises(UserError, match=r"nowhere\.safetensors does not exist"):
        load_sr(tmp_path / "nowhere.safetensors")


def test_tensors_in_any_layout_and_shared_are_saved(tmp_path):
    shared = torch.arange(16.0).reshape(1, 2, 2, 4).contiguous(memory_format=torch.channels_last)
    save_sr(entry(state_dict={"a": shared, "b": shared}), tmp_path / "net.safetensors")
    from safetensors.torch import load_file

    loaded = load_file(tmp_path / "net.safetensors")
    assert torch.equal(loaded["a"], shared)
    assert torch.equal(loaded["b"], shared)


def test_equal_networks_are_equal_files(tmp_path):
    contents = set()
    for _ in range(8):  # safetensors orders metadata anew each time
        save_sr(entry(), tmp_path / "net.safetensors")
        contents.add((tmp_path / "net.safetensors").read_bytes())
    assert len(contents) == 1
    assert read_sr(tmp_path / "net.safetensors")["scale"] == entry()["scale"]
