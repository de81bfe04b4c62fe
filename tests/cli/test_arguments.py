"""Texts of the command line as values."""

import argparse

import pytest

from cyclesr.cli.arguments import at_least, key_values, positive, tile
from cyclesr.errors import UserError


def test_key_values() -> None:
    options = ["a.b=3", "c=[1, 2]", "d=word", "e=1e-4", "f=True", "g=none", "k=None", "h=a=b", "i=", "j=(1, 'x')"]
    assert key_values(options) == {
        "a.b": 3, "c": [1, 2], "d": "word", "e": 1e-4, "f": True, "g": "none", "k": None, "h": "a=b", "i": "",
        "j": (1, "x"),
    }  # fmt: skip
    for wrong in ("abc", "=3"):
        with pytest.raises(UserError, match="KEY=VALUE"):
            key_values([wrong])


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        (at_least(0), {"0": 0, "12": 12}, ["-1", "1.5", "many", ""]),
        (positive, {"2.5": 2.5}, ["0", "-3", "nan", "inf", "x"]),
    ],
)
def test_numbers_keep_to_their_limits(read, good, bad) -> None:
    assert {text: read(text) for text in good} == good
    for text in bad:
        with pytest.raises(argparse.ArgumentTypeError, match=f"found '{text}'"):
            read(text)


def test_tiles() -> None:
    assert [tile(text) for text in ("none", "auto", "64", "-3")] == [None, "auto", 64, "-3"]
