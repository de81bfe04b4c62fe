"""Values of the wrong kind in a config are named."""

from pathlib import Path
from typing import Any

import pytest

from cyclesr.config import check_config, load_config
from cyclesr.errors import UserError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": 3}, "model of the config must be a dict, found 3"),
        ({"model.sr.norm": object()}, r"model\.sr\.norm of the config must be a number, text"),
        ({"custom_hooks": [{1: 2}]}, r"custom_hooks\.0 of the config must have names as keys, found 1"),
        ({"model.sr": [1]}, r"model\.sr of the config must be a dict"),
        (
            {"model.degradation": dict(type="Chain", steps=[3])},
            r"model\.degradation\.steps\.0 .* must be a dict, found 3",
        ),
        ({"train_dataloader": []}, "train_dataloader of the config must be a dict"),
        ({"train_dataloader.dataset": "x"}, r"train_dataloader\.dataset of the config must be a dict, found 'x'"),
        ({"train_dataloader.batch_size": "x"}, r"train_dataloader\.batch_size .* whole number from 1 on, found 'x'"),
        ({"train_dataloader.dataset.crop": 0}, r"dataset\.crop .* whole number from 1 on, found 0"),
        ({"optim_wrapper": 3}, "optim_wrapper of the config must be a dict"),
        ({"default_hooks": []}, "default_hooks of the config must be a dict"),
        ({"default_hooks.checkpoint": 3}, r"default_hooks\.checkpoint of the config must be a dict .* found 3"),
        ({"custom_hooks": 3}, "custom_hooks of the config must be a list, found 3"),
        ({"custom_hooks": [3]}, r"custom_hooks\.0 of the config must be a dict, found 3"),
        ({"val_evaluator": 3}, "val_evaluator of the config must be a dict or a list of dicts"),
        ({"randomness": 3}, "randomness of the config must be a dict"),
        ({"work_dir": 3}, "work_dir of the config must be text, found 3"),
        ({"model.sr.type": 3}, "'SR network' needs a 'type', the name of a class; found type=3"),
        ({"model.sr.num_blocks": [1]}, r"num_blocks of SRResNet is a whole number, found \[1\]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_values_of_the_wrong_kind_are_named(tiny_config: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_config(load_config(tiny_config, options))
