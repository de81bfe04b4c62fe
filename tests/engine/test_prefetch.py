"""Batches reach the device unchanged and in order, and are fetched ahead only on a GPU."""

from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

import cyclesr.engine.prefetch as subject
from cyclesr.engine.prefetch import on_device, ready_batches

CPU = torch.device("cpu")


def batches(number: int) -> list[dict]:
    return [dict(hr=torch.rand(2, 3, 8, 8), hr_path=[f"{i}.png", "x.png"]) for i in range(number)]


@pytest.mark.parametrize("prefetch", [True, False])
def test_on_a_cpu_batches_pass_through_one_by_one(prefetch: bool) -> None:
    given, asked = batches(4), []

    def loader():
        for batch in given:
            asked.append(batch)
            yield batch

    for i, batch in enumerate(ready_batches(loader(), CPU, prefetch)):
        assert len(asked) == i + 1  # none is fetched ahead
        assert batch["hr"] is given[i]["hr"]
        assert batch["hr_path"] == given[i]["hr_path"]
    assert i == 3


def test_stored_images_become_floats() -> None:
    stored = torch.randint(0, 256, (2, 4, 5, 3), dtype=torch.uint8)
    ready = on_device(dict(hr=stored, number=torch.tensor([1, 2])), CPU)
    assert torch.equal(ready["hr"], stored.permute(0, 3, 1, 2).float() / 255)
    assert ready["number"].tolist() == [1, 2]


def test_only_tensors_move() -> None:
    ready = on_device(batches(1)[0], torch.device("meta"))
    assert ready["hr"].device.type == "meta"
    assert ready["hr_path"] == ["0.png", "x.png"]


def test_a_gpu_gets_the_next_batch_before_this_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    class FakeStream:
        def wait_stream(self, other: "FakeStream") -> None:
            events.append("wait")

    @contextmanager
    def on_side_stream(stream: FakeStream):
        events.append("copy")
        yield

    monkeypatch.setattr(torch.cuda, "Stream", lambda device: FakeStream())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: FakeStream())
    monkeypatch.setattr(torch.cuda, "stream", on_side_stream)
    monkeypatch.setattr(subject, "on_device", lambda batch, device: batch)
    monkeypatch.setattr(Tensor, "record_stream", lambda self, stream: events.append("record"))
    given = batches(3)
    seen = []
    for batch in ready_batches(iter(given), torch.device("cuda")):
        events.append("use")
        seen.append(batch)
    assert all(a is b for a, b in zip(seen, given, strict=True))
    assert events == ["copy", *["wait", "record", "copy", "use"] * 2, "wait", "record", "use"]
