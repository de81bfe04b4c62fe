"""NIQE of photographs compared with another implementation, and as a column of a protocol."""

import math

import numpy as np
import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.metrics.columns import load_columns
from cyclesr.metrics.niqe import niqe
from cyclesr.metrics.protocols import get_protocol

# BasicSR 1.4.2, calculate_niqe(crop_border=0), which agrees with MATLAB to 1e-6. Two photographs have saturated areas
# where rounding decides: single precision there, double here.
PUBLISHED = {
    "chelsea": (2.625524, 1e-5),
    "coffee": (4.115242, 1e-5),
    "astronaut": (3.064948, 1e-2),
    "rocket": (6.969155, 1e-3),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_equals_another_implementation(name) -> None:
    data = pytest.importorskip("skimage.data")
    expected, tolerance = PUBLISHED[name]
    assert niqe(getattr(data, name)()) == pytest.approx(expected, rel=tolerance)


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (192, 200, 3), dtype=np.uint8)


def test_the_border_is_cropped_first() -> None:
    image = noise()
    assert niqe(np.pad(image, ((4, 4), (4, 4), (0, 0))), border=4) == niqe(image)


def test_is_a_column_that_depends_only_on_sr() -> None:
    hr, sr = torch.rand(3, 220, 220), torch.rand(3, 220, 220)
    scores = get_protocol("plain").score(sr, hr, columns=load_columns(["niqe"]))
    assert scores["niqe"] == niqe(sr)
    inside = sr[:, 10:-10, 10:-10]
    # ``cyclesr`` does not round SR, and moves HR: what is scored is SR less 10 px.
    found = get_protocol("cyclesr").score(sr, hr, columns=load_columns(["niqe"]))["niqe"]
    assert found == pytest.approx(niqe(inside), rel=0.01)
    assert math.isnan(get_protocol("plain").score(sr * math.nan, hr, columns=load_columns(["niqe"]))["niqe"])


def test_small_and_flat_images() -> None:
    with pytest.raises(UserError, match=r"96x96.*191x100"):
        niqe(noise()[:100, :191])
    assert math.isnan(niqe(np.zeros((192, 192, 3), np.uint8)))
