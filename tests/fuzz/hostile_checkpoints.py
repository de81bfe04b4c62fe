"""Cases of checkpoints and weights: damaged files, foreign classes, code, wrong values, absurd sizes."""

import builtins
import copy
import io
import json
import math
import os
import pickle
import struct
import subprocess
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from case_worker import CANARY, OUT, Play
from hostile_bytes import VALUES, damaged, damages
from hypothesis import strategies as st
from safetensors.torch import save as to_safetensors
from sandbox import CONFIG, NETWORK, images, training

_EVIL = f"open({CANARY!r}, 'w').close()"
_COMMAND = f"touch {CANARY}"


class _Calls:
    """An object whose unpickling calls a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._call = function, arguments

    def __reduce__(self) -> Any:
        return self._call


def _payloads() -> list[Callable[[], Any]]:
    """Returns makers of values that do not belong into a checkpoint."""
    hostile = [
        _Calls(os.system, _COMMAND), _Calls(builtins.exec, _EVIL), _Calls(builtins.eval, f"[{_EVIL}]"),
        _Calls(subprocess.check_call, _COMMAND.split()), _Calls(__import__, "evil"), _Calls(getattr, os, "system"),
        _Calls(np.load, "evil.npy", None, True), _Calls(torch.load, "evil.pth", None), _Calls(OrderedDict, [(1, 2)]),
        _Calls(torch._utils._rebuild_tensor_v2, None, 0, (), (), False, None), _Calls(bytearray, 2**33),
    ]  # fmt: skip
    plain: list[Any] = [
        None, 0, 1, -1, 3, 10**9, 10**30, 1e308, math.nan, math.inf, "", "x", "2", b"x", [], {}, True, (), set(), [[]],
        {"type": "SRResNet"}, 2.0, {1: 2}, "../../outside", "\udcff", "x" * 100_000, {"type": "evil.Net", "scale": 2},
    ]  # fmt: skip
    kinds = (
        "os.system", "subprocess.Popen", "builtins.exec", "evil.Net", "evil", "torch.nn.Linear", "torch.nn.Identity",
        "torch.nn.Module", "torch.nn.Sequential", "torch.load", "antigravity.fly", "cyclesr.cli.main.main", "MSELoss",
        "Bicubic", "CollaborativeSR", "RCAN", "Spandrel", "UNIT", "", ".", "..", "a.", ".a", "torch.", "__main__.x",
        "VGGDiscriminator", "RRDBNet", "srresnet", "torch.nn.Upsample", "pdb.set_trace", "webbrowser.open",
    )  # fmt: skip
    plain += [dict(type=kind, **more) for kind in kinds for more in ({}, dict(scale=2), dict(command=_COMMAND))]
    for key in ("channels", "num_blocks", "scale"):
        plain += [{**NETWORK, key: value} for value in (0, -1, 10**9, 10**30, 2.5, "4", None, math.nan, [4], True)]
    tensors: list[Callable[[], Any]] = [
        lambda: torch.zeros(0), lambda: torch.zeros(()), lambda: torch.full((4,), math.nan),
        lambda: torch.full((4, 3, 9, 9), math.nan), lambda: torch.full((4, 3, 9, 9), math.inf),
        lambda: torch.zeros(1).expand(100_000, 100_000), lambda: torch.zeros(1).expand(4, 3, 9, 9),
        lambda: torch.zeros(4, dtype=torch.complex64), lambda: torch.zeros(4, dtype=torch.int8),
        lambda: torch.zeros(4, dtype=torch.bool), lambda: torch.zeros(4, 3, 9, 9, dtype=torch.float16),
        lambda: torch.eye(4).to_sparse(), lambda: torch.zeros(4, device="meta"),
        lambda: torch.quantize_per_tensor(torch.zeros(4), 0.1, 0, torch.qint8),
        lambda: torch.nn.Parameter(torch.ones(4)),
        lambda: torch.zeros(4, 3, 9, 9).permute(1, 0, 3, 2), lambda: torch.zeros(4, dtype=torch.float64),
        lambda: torch.empty(2, dtype=torch.float8_e4m3fn), lambda: np.zeros(4), lambda: torch.nn.Linear(2, 2),
        lambda: torch.Size([1]), lambda: torch.device("cuda"), lambda: torch.float16, lambda: torch.zeros([1] * 60),
    ]  # fmt: skip
    shared = [lambda value=value: value for value in hostile]  # a copy would call what they call
    own = [lambda value=value: copy.deepcopy(value) for value in plain]  # a case may change what it holds
    return [*shared, *own, _nested, *tensors]


def _nested() -> list[Any]:
    """Returns lists in lists, deeper than most code expects."""
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    return deep


_PAYLOADS = _payloads()


@cache
def _seeds() -> dict[str, bytes]:
    """Returns files: of cyclesr, of others, in old and new layouts, and what is none."""
    files = training()
    entry = torch.load(io.BytesIO(files["train.pth"]), weights_only=True)["sr_network"]
    weights, buffer = entry["state_dict"], io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), buffer)
    whole = torch.nn.Sequential(torch.nn.Linear(2, 2))
    renamed = {f"module.generator.{name}": value for name, value in weights.items()}
    return {
        "train.pth": files["train.pth"],
        "net.safetensors": files["net.safetensors"],
        "entry.pth": _saved({"sr_network": entry}),
        "raw.pth": _saved(weights),
        "ema.pth": _saved({"params_ema": weights, "params": weights}),
        "renamed.pth": _saved({"state_dict": renamed}),
        "old.pth": _saved({"sr_network": entry}, _use_new_zipfile_serialization=False),
        "module.pth": _saved(whole),
        "script.pt": buffer.getvalue(),
        "raw.safetensors": to_safetensors({name: value.contiguous() for name, value in weights.items()}),
        "pickle.pth": pickle.dumps({"sr_network": {"config": NETWORK, "scale": 2, "state_dict": {}}}),
        "empty.pth": b"",
        "text.pth": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "html.safetensors": b"<!DOCTYPE html><html>404</html>",
        "image.pth": images()["hr/0.png"],
        "zip.pth": _zipped({"a.txt": b"x"}),
    }


def _saved(value: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def _zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


_WAYS: dict[str, tuple[str, ...]] = {
    "infer": ("infer", "FILE", "real", "-o", OUT, "--device", "cpu"),
    "export": ("export", "FILE", f"{OUT}/a.safetensors", "--format", "safetensors"),
    "export for others": ("export", "FILE", f"{OUT}/a.pth", "--format", "spandrel"),
    "import": ("import", "FILE", f"{OUT}/a.safetensors", "type=SRResNet", "scale=2", "channels=4", "num_blocks=1"),
    "degrade": ("degrade", "FILE", "hr", OUT, "--device", "cpu"),
    "verdict": ("verdict", "FILE", "real"),
    "start": ("train", "tiny.py", "--work-dir", OUT, "--device", "cpu", "--cfg-options", "load_from=FILE"),
    "resume": ("train", "tiny.py", "--work-dir", OUT, "--device", "cpu", "--resume"),
    "test": ("test", "tiny.py", "FILE", "--device", "cpu"),
}
_FAST = ["infer"] * 4 + ["import"] * 4 + ["export", "degrade"] * 2


def cases() -> st.SearchStrategy[dict[str, Any]]:
    """Draws descriptions of cases."""
    number = st.integers(0, 2**16 - 1)
    edits = st.lists(st.tuples(number, number, st.integers(0, 2)).map(list), max_size=3)
    return st.fixed_dictionaries(
        dict(
            seed=st.sampled_from(["train.pth", "net.safetensors", "entry.pth"] * 4 + sorted(_seeds())),
            how=st.sampled_from(["values"] * 4 + ["bytes", "pickle", "members", "header"]),
            edits=edits,
            damages=damages(3),
            way=st.sampled_from(_FAST + sorted(_WAYS)),
            suffix=st.sampled_from([""] * 9 + [".pth", ".pt", ".safetensors", ".ckpt", ".bin"]),
        )
    )


def play(case: dict[str, Any]) -> Play:
    """Builds a case."""
    name, content = case["seed"], _seeds()[case["seed"]]
    changed = _CHANGES[case["how"]](content, case["edits"], case["damages"])
    ending = case["suffix"] or f".{name.rpartition('.')[2]}"
    file = f"{OUT}/iter_2.pth" if case["way"] == "resume" else f"file{ending}"
    evil = {"evil.py": f"{_EVIL}\nclass Net: pass\n".encode(), "evil.pth": pickle.dumps(_Calls(os.system, _COMMAND))}
    evil["evil.npy"] = pickle.dumps(_Calls(os.system, _COMMAND))
    arguments = tuple(word.replace("FILE", file) for word in _WAYS[case["way"]])
    return Play({**images(), **evil, "tiny.py": CONFIG.encode(), file: changed}, arguments)


def _bytes(data: bytes, edits: list[list[int]], changes: list[list[Any]]) -> bytes:
    return damaged(data, changes)


def _pickle(data: bytes, edits: list[list[int]], changes: list[list[Any]]) -> bytes:
    """Damages the pickle in a zip file; its checksum is right."""
    members = _members(data)
    found = [name for name in members if name.endswith("data.pkl")]
    if not found:
        return damaged(data, changes)
    return _zipped({**members, found[0]: damaged(members[found[0]], changes)})


def _member_edits(data: bytes, edits: list[list[int]], changes: list[list[Any]]) -> bytes:
    """Removes, empties, renames and swaps the members of a zip file."""
    members = _members(data)
    for a, b, c in edits:
        names = sorted(members)
        if not names:
            break
        name, other = names[a % len(names)], names[b % len(names)]
        if c == 0:
            del members[name]
        elif c == 1:
            members[f"../../{name}" if b % 2 else other] = members.pop(name)
        else:
            members[name] = damaged(members[name], changes)
    return _zipped(members)


def _members(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile:
        return {}


def _header(data: bytes, edits: list[list[int]], changes: list[list[Any]]) -> bytes:
    """Changes the header of a .safetensors file: its length, or its JSON."""
    length = int.from_bytes(data[:8], "little")
    if length > len(data):
        return damaged(data, changes)
    try:
        header = json.loads(data[8 : 8 + length])
    except ValueError:
        return damaged(data, changes)
    body = data[8 + length :]
    for a, b, c in edits:
        if c == 0:
            return struct.pack("<Q", VALUES[b % len(VALUES)] % 2**64) + data[8:]
        _edit(header, a, copy.deepcopy(_JSON_VALUES[b % len(_JSON_VALUES)]), c)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


_JSON_VALUES: list[Any] = [
    None, 0, -1, 1, 2**63, 1e308, math.nan, "", "F32", "F64", "I8", "BF16", "F8_E4M3", "X", [], [0], [0, 4], [4, 0],
    [2**40, 2**41], [2**32, 2**32], [-1, 5], {}, "null", "{}", '{"config": {}, "scale": 2}', "[" * 5000,
    json.dumps(dict(config=NETWORK, scale=10**9)), json.dumps(dict(config=dict(NETWORK, channels=10**9), scale=2)),
    json.dumps(dict(config=dict(NETWORK, num_blocks=10**9), scale=2)), json.dumps(dict(config=NETWORK, scale=True)),
    json.dumps(dict(config=dict(type="evil.Net"), scale=2)), json.dumps(dict(config=dict(type="os.system"), scale=2)),
    json.dumps(dict(config=NETWORK, scale=2, state_dict={})), json.dumps(dict(config=NETWORK, scale=math.nan)),
    json.dumps(dict(config=dict(type="RCAN", scale=2), scale=2)), "9" * 5000,
]  # fmt: skip


def _values(data: bytes, edits: list[list[int]], changes: list[list[Any]]) -> bytes:
    """Replaces, adds and removes values, anywhere in the content."""
    if data[8:9] == b"{":
        return _header(data, edits, changes)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(io.BytesIO(data), weights_only=True)
    except Exception:
        return _pickle(data, edits, changes)
    for a, b, c in edits:
        value = _PAYLOADS[b % len(_PAYLOADS)]()
        content = value if a % 40 == 0 else _edit(content, a, value, c)
    try:
        return _saved(content)
    except Exception:  # a value that cannot be saved
        return data


def _edit(content: Any, a: int, value: Any, c: int) -> Any:
    places = list(_places(content, 4))
    if places:
        container, key = places[a % len(places)]
        if c == 1 and isinstance(container, dict):
            container["added" if a % 3 else 5] = value
        elif c == 2 and a % 2:
            del container[key]
        else:
            container[key] = value
    return content


def _places(content: Any, depth: int) -> Any:
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in list(items):
        yield content, key
        if depth:
            yield from _places(value, depth - 1)


_CHANGES: dict[str, Callable[[bytes, list[list[int]], list[list[Any]]], bytes]] = {
    "bytes": _bytes,
    "header": _header,
    "members": _member_edits,
    "pickle": _pickle,
    "values": _values,
}
