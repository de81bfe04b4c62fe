"""Cases of configs: mistakes in the text, unknown types, values of the wrong kind, bases in circles, absurd sizes.

A config is Python that the user runs, so the texts here do nothing when they are run.
"""

import re
from functools import cache
from typing import Any

from case_worker import OUT, Play
from hypothesis import strategies as st
from sandbox import CONFIG, RUNTIME, images

_TEXTS = (
    "None", "0", "-1", "1", "2", "3", "1.5", "1e400", "-1e400", "10**9", "10**30", "True", '""', '"x"', "b'x'", "[]",
    "{}", "()", "[0]", "dict()", "dict(type=1)", 'dict(type="")', 'dict(type="RCAN")', 'dict(type="VDSR", scale=3)',
    'dict(type="os.system", command="touch canary")', 'dict(type="subprocess.Popen", args=["touch", "canary"])',
    'dict(type="torch.nn.Identity")', 'dict(type="torch.nn.Linear", in_features=3, out_features=3)', '"missing"',
    'dict(type="missing.Net")', '"VDSR"', '"RCAN"', '"Adam"', '"SGD"', '"CycleGAN"', '"UNIT"', '"MSELoss"', '"hr"',
    '"real"', '"tiny.py"', '"train.py"', '"/dev/null"', '"hr/0.png"', "float('nan')", "lambda: 0", "int", "print",
    "{'_delete_': True}", "dict(_delete_=True, type='VDSR')", "{1: 2}", "[[1]]", '["a", "b"]', "range(3)", "object()",
    "'\\udcff'", "'a\\nb'", "'[/x]'", '"Config"', '"EpochBasedTrainLoop"', '"ValLoop"', '"DefaultSampler"', '"none"',
    '"fp16"', '"auto"', '"LinearLR"', '"plain"', "set()", "1j", "...", "'type'", "dict(dict(a=1), b=2)",
)  # fmt: skip
_LINES = (
    '_base_ = "case.py"', '_base_ = ["case.py", "other.py"]', '_base_ = "missing.py"', "_base_ = 3", "_base_ = []",
    '_base_ = "."', '_base_ = "hr/0.png"', "model = None", "model = 3", "model = []", "scale = 0", 'scale = "2"',
    "scale = 3", "train_dataloader = None", "train_dataloader = []", "train_cfg = None", "optim_wrapper = None",
    "custom_imports = dict(imports=['missing_module'])", "custom_imports = 3", "custom_hooks = 3", "custom_hooks = [3]",
    "custom_hooks = [None]", "default_hooks = []", "default_hooks = dict(checkpoint=3)", "unknown = 3", "load_from = 3",
    'load_from = "missing.pth"', "resume = 3", "work_dir = 3", "randomness = 3", 'default_scope = "missing"',
    "import missing_module", "1 / 0", "(", "\t x = 1", "\0", "{{ fileBasename }}", "{{ $HOME }}", "raise KeyError",
    "x = {{ _base_.model }}", "x = _base_.missing", "visualizer = None", "log_level = 3", "env_cfg = []",
    "x = '{{ $MISSING }}'",
    "val_dataloader = None", "val_evaluator = []", "val_cfg = 3", "test_cfg = 3", "param_scheduler = 3", "cfg = 3",
    "model_wrapper_cfg = 3", "sync_bn = 3", "launcher = 3", "experiment_name = None", "experiment_name = '../../x'",
    "x = " + "[" * 300, "x = " + "-" * 5000 + "1", "x = '" + "y" * 100_000 + "'",
    "model = dict(type='CollaborativeSR')",
    "__import__('sys').exit(3)", "__import__('sys').exit()", "custom_imports = dict(imports=['this'], x=1)",
)  # fmt: skip
_OWN = ("own_images/network.py", "own_images/blur_noise.py", "demo/cyclesr_demo.py", "unitsr_ntire18_t4.py")
_WAYS = {
    "config": ("config", "case.py"),
    "train": ("train", "case.py", "--work-dir", OUT, "--device", "cpu"),
    "own folders": ("train", "case.py", "--hr", "hr", "--real", "real", "--work-dir", OUT, "--device", "cpu"),
    "scale": ("config", "case.py", "--scale", "3"),
}


@cache
def _seeds() -> dict[str, str]:
    configs = RUNTIME.parents[1]
    texts = {name: (configs / name).read_text() for name in _OWN if (configs / name).is_file()}
    inlined = {name: re.sub(r'"(?:\.\./)*_base_/', f'"{RUNTIME.parent}/', text) for name, text in texts.items()}
    return {"tiny.py": CONFIG, **inlined}


def cases() -> st.SearchStrategy[dict[str, Any]]:
    """Draws descriptions of cases."""
    number = st.integers(0, 2**12 - 1)
    edit = st.tuples(st.sampled_from(sorted(_EDITS)), number, number).map(list)
    return st.fixed_dictionaries(
        dict(
            seed=st.sampled_from(["tiny.py"] * 9 + sorted(_seeds())),
            edits=st.lists(edit, min_size=1, max_size=3),
            way=st.sampled_from(["train"] * 3 + sorted(_WAYS)),
        )
    )


def play(case: dict[str, Any]) -> Play:
    """Builds a case."""
    text = _seeds()[case["seed"]]
    for name, a, b in case["edits"]:
        text = _EDITS[name](text, a, b)
    files = {**images(), "case.py": text.encode(errors="surrogatepass"), "other.py": b'_base_ = "case.py"\n'}
    return Play(files, _WAYS[case["way"]])


def _tokens(text: str) -> list[str]:
    return re.findall(r'"[^"\n]*"|[\w.]+|\s+|.', text)


def _values_in(tokens: list[str]) -> list[int]:
    return [i for i, token in enumerate(tokens) if re.match(r'["\w]', token)]


def _replace(text: str, a: int, b: int) -> str:
    tokens = _tokens(text)
    places = [i for i in _values_in(tokens) if i and tokens[i - 1] in "=[( "] or _values_in(tokens)
    if places:
        tokens[places[a % len(places)]] = _TEXTS[b % len(_TEXTS)]
    return "".join(tokens)


def _swap(text: str, a: int, b: int) -> str:
    tokens = _tokens(text)
    if places := _values_in(tokens):
        i, j = places[a % len(places)], places[b % len(places)]
        tokens[i], tokens[j] = tokens[j], tokens[i]
    return "".join(tokens)


def _drop_token(text: str, a: int, b: int) -> str:
    tokens = _tokens(text)
    return "".join(tokens[: a % len(tokens)] + tokens[a % len(tokens) + 1 :]) if tokens else text


def _drop_line(text: str, a: int, b: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[: a % len(lines)] + lines[a % len(lines) + 1 + b % 3 :]) if lines else text


def _add_line(text: str, a: int, b: int) -> str:
    return f"{text}\n{_LINES[b % len(_LINES)]}\n"


def _spell(text: str, a: int, b: int) -> str:
    """Misspells a word."""
    words = list(re.finditer(r"[A-Za-z_]{3,}", text))
    if not words:
        return text
    end = words[a % len(words)].end()
    return text[: end - 1] + "xs_7"[b % 4] + text[end:]


def _cut(text: str, a: int, b: int) -> str:
    return text[: a % max(len(text), 1)]


_EDITS = {
    "add line": _add_line,
    "cut": _cut,
    "drop line": _drop_line,
    "drop token": _drop_token,
    "replace": _replace,
    "replace another": _replace,
    "replace one more": _replace,
    "spell": _spell,
    "swap": _swap,
}
