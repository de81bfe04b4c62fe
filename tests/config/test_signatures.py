"""What the source text says of registered classes is what the classes say, and it needs no import of torch."""

import inspect
import subprocess
import sys
from typing import Any

import pytest

from cyclesr import registry
from cyclesr.errors import UserError
from cyclesr.plugins import has_plugins
from cyclesr.signatures import parameters_in, registered

KINDS = ("MODELS", "TRANSLATORS", "SR_BACKBONES", "LOSSES", "DEGRADATIONS", "DATASETS", "METRICS", "HOOKS", "LOOPS")


def facts(parameters: Any) -> list[tuple[Any, ...]]:
    """Returns what checks read of arguments: name, kind, whether there is a default, and simple types."""
    simple = (bool, int, float)
    return [
        (p.name, p.kind, p.default is p.empty, p.annotation if p.annotation in simple else None)
        for p in parameters.values()
        if p.kind is not p.VAR_POSITIONAL
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_classes_agree(kind: str) -> None:
    own = getattr(registry, kind)
    own.import_from_location()
    classes = {
        name: found for name, found in own.module_dict.items() if found.__module__.startswith(f"{own._locations[0]}.")
    }
    assert len(classes) >= 1
    said = registered(own._locations[0], kind)
    assert said.keys() == classes.keys()
    known = {name: parameters for name, parameters in said.items() if parameters is not None}
    assert len(known) >= 0.9 * len(said)
    for name, parameters in known.items():
        assert facts(parameters) == facts(inspect.signature(classes[name]).parameters), name


def test_arguments_of_other_packages() -> None:
    from mmengine.runner import Runner
    from torch.utils.data import DataLoader

    for module, kind in (("mmengine.runner.runner", Runner), ("torch.utils.data.dataloader", DataLoader)):
        assert set(parameters_in(module, kind.__name__)) == set(inspect.signature(kind).parameters)
    assert parameters_in("nowhere.at.all", "Thing") is None


CHECK = """
import sys
from cyclesr.cli.main import run_command
from cyclesr.errors import UserError
for options in {options}:
    try:
        run_command(["train", "demo/cyclesr_demo", "--cfg-options", *options])
    except UserError as error:
        print(error)
    else:
        print("no error")
print("torch imported:", "torch" in sys.modules)
"""
MISTAKES = {
    "modle=3": "modle.*Did you mean 'model'",
    "model.sr.blocks=3": "EDSR takes no argument 'blocks'",
    "model.sr.type=EDRS": "no SR network named 'EDRS'.* Did you mean 'EDSR'",
    "model.translator.type=CycleGANN": "Did you mean 'CycleGAN'",
    "model.sr_loss.weight=much": "weight of MSELoss is a number, found the text 'much'",
    "train_dataloader.shufle=True": "Did you mean 'shuffle'",
    "train_dataloader.dataset.scale=2": "one scale",
    "default_hooks.logger.intervall=5": "takes no argument 'intervall'|interval",
    "train_cfg.type=ResumableTrainLop": "Did you mean 'ResumableTrainLoop'",
    "scale=half": "whole number",
}


def test_mistakes_are_found_before_torch_is_imported() -> None:
    code = CHECK.format(options=[[option] for option in MISTAKES])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *messages, last = done.stdout.splitlines()
    assert last == f"torch imported: {has_plugins()}"  # a plugin may register the unknown name, and imports torch
    assert len(messages) == len(MISTAKES)
    for message, words in zip(messages, MISTAKES.values(), strict=True):
        with pytest.raises(UserError, match=words):
            raise UserError(message)
