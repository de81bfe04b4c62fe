"""The measurement that a training stores in its work dir, and what happens when the file is damaged."""

import json
from pathlib import Path
from typing import Any

import pytest

from cyclesr.degradations.camera import CameraMeasurement
from cyclesr.degradations.camera.measurement import ImageMeasurement
from cyclesr.degradations.camera.noise import NoiseMeasurement
from cyclesr.degradations.camera.stored import store_camera, stored_camera
from cyclesr.engine.measuring import evenly_spread
from cyclesr.errors import UserError

NOISE = NoiseMeasurement((0.2, 0.6), ((0.1,) * 3, (0.2,) * 3), 0.01, 0.02, (1.0, 1.0), (0.0, 0.1, 0.2))
CAMERA = CameraMeasurement((ImageMeasurement("a.png", 40, 50, 3, ((1.0, 0.5), None), (2.0, 0.0), NOISE, None),))


def test_a_measurement_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert stored_camera(tmp_path) is None
    store_camera(CAMERA, tmp_path)
    assert stored_camera(tmp_path) == CAMERA


def without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != name}


IMAGE = CAMERA.to_dict()["images"][0]
DAMAGED = {
    "cut": json.dumps(CAMERA.to_dict())[:40],
    "empty": "",
    "no object": "[1, 2]",
    "no images": '{"images": []}',
    "a missing value": json.dumps({"images": [without(IMAGE, "height")]}),
    "another value": json.dumps({"images": [IMAGE | {"colour": 1}]}),
    "text for numbers": json.dumps({"images": [IMAGE | {"edge_weights": ["a", "b"]}]}),
    "uneven numbers": json.dumps({"images": [IMAGE | {"noise": IMAGE["noise"] | {"std": [[1], [1, 2]]}}]}),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_measurement_is_one_clear_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "camera.json").write_text(text)
    with pytest.raises(UserError, match=r"camera\.json is damaged.*delete it"):
        stored_camera(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "camera.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="delete it"):
        stored_camera(tmp_path)


@pytest.mark.parametrize(
    ("count", "indices"), [(0, []), (3, [0, 1, 2]), (4, [0, 1, 2, 3]), (5, [0, 1, 2, 3]), (10, [0, 2, 5, 7])]
)
def test_chosen_images_are_spread_over_all(count: int, indices: list[int]) -> None:
    chosen = evenly_spread([Path(str(number)) for number in range(count)], 4)
    assert chosen == [Path(str(index)) for index in indices]
