"""Cases of command lines: any command, with options that its parser knows and values that fit or do not."""

import argparse
from functools import cache
from typing import Any

from case_worker import OUT, Play
from hypothesis import strategies as st
from sandbox import CONFIG, images, training

from cyclesr.cli.main import build_parser

_VALUES = (
    "", "-1", "0", "1", "2", "3", "4", "8", "16", "48", "1.5", "1e400", "nan", "inf", "-inf", "9" * 30, "x", "auto",
    "none", "cpu", "cuda", "cuda:99", "cuda:x", "meta", "mps", "xpu", OUT, f"{OUT}/x.png", f"{OUT}/x.pth", "²", "٣",
    f"{OUT}/x.safetensors", f"{OUT}/x.pt", f"{OUT}/x.json", f"{OUT}/x.html", "hr", "real", "lr", "net.safetensors",
    "train.pth", "tiny.py", "missing", "missing/*.png", "hr/*.png", "hr/0.png", "real/1.png", "[", "**", "***",
    "/dev/null", "é", "\udcff", "a\nb", "model.sr.type=VDSR", "scale=2", "=", "a=b=c", "type=SRResNet", "channels=4",
    "model=None", "train_cfg=3", "--", "-", "-h", "--help", "num_blocks=1", "mild", "spandrel", "x" * 300, "x/" * 3000,
    "own_images/network", "unitsr_ntire18_t4", "demo/cyclesr_demo", "bicubic", "plain", "matlab", "train", "list",
    "model.sr.channels=1000000000", "a.b.c.d=1", "model.0=1", "custom_hooks.0=None", "a=(" + "(" * 300, "_base_=x",
    "train_dataloader.batch_size=x", "model.sr={'_delete_': True, 'type': 'RCAN'}", "images.txt", "%s", "{}", "@x",
    "~x",
)  # fmt: skip


@cache
def _commands() -> dict[tuple[str, ...], argparse.ArgumentParser]:
    return dict(_leaves(build_parser(), ()))


def _leaves(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Any:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in below:
        for name, inner in action.choices.items():
            yield from _leaves(inner, (*words, name))
    if not below:
        yield words, parser


def cases() -> st.SearchStrategy[dict[str, Any]]:
    """Draws descriptions of cases."""
    return st.sampled_from(sorted(_commands())).flatmap(_of_command)


def _of_command(words: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    value = st.sampled_from(_VALUES)
    places, options = [], []
    for action in _commands()[words]._actions:
        fitting = st.sampled_from([str(choice) for choice in action.choices]) if action.choices else value
        one = value if not action.choices else st.one_of(fitting, fitting, value)
        several = st.lists(one, min_size=1, max_size=3) if action.nargs in ("+", "*", 2) else one.map(lambda x: [x])
        if action.option_strings and action.nargs == 0:
            options.append(st.just([action.option_strings[-1]]))
        elif action.option_strings:
            name = action.option_strings[-1]
            option = several.map(lambda found, name=name: [name, *found])
            (places if action.required else options).append(option)
        else:
            places.append(several)
    chosen = st.lists(st.one_of(options), max_size=4) if options else st.just([])
    required = st.tuples(*places).map(list)
    mistakes = st.lists(value.map(lambda x: [x]), max_size=1)
    return st.builds(
        lambda *found: dict(words=[*words, *(word for part in found for group in part for word in group)]),
        required,
        chosen,
        st.one_of(st.just([]), st.just([]), mistakes),
    )


def play(case: dict[str, Any]) -> Play:
    """Builds a case."""
    files = {**images(), **training(), "tiny.py": CONFIG.encode()}
    return Play(files, tuple(case["words"]), anywhere=True)
