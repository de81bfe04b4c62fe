"""Cases of image files: valid ones of every kind, damaged or not, under all sorts of names, through every command."""

from typing import Any

from case_worker import OUT, Play
from hostile_bytes import damaged, damages
from hypothesis import strategies as st
from sandbox import CONFIG, good_png, images, training
from seed_images import seed_images

_NAMES = (
    "[red]x.tif", "a b.png", "-o.png", "..png", "%s%d.png", "{0}.png", "é.jpg", "\udcff.png", "a\nb.png",
    "x" * 250 + ".png", "$(touch canary).png", "`touch canary`.jpg", "a.PNG", "a", ".hidden.png", "[2020].png",
    "it's \"quoted\".png", "a.b.c.png", "\x1b[31m.png", "0.png", "good.tif", "a.jfif", "a.avif", "a.jp2", "a.gif",
)  # fmt: skip
_SPECIAL = ("folder", "fifo", "link:/dev/zero", "link:/dev/null", "link:missing", "link:.", "link:special.png")
_FOLDER_COMMANDS: dict[str, tuple[str, ...]] = {
    "infer": ("infer", "net.safetensors", "images", "-o", OUT, "--device", "cpu"),
    "infer turned": ("infer", "net.safetensors", "images", "-o", OUT, "--workers", "0", "--ensemble", "--tile", "16"),
    "degrade": ("degrade", "train.pth", "images", OUT, "--device", "cpu"),
    "check": ("prepare", "check", "--hr", "images", "--real", "real", "--scale", "2", "--crop", "8"),
    "check pairs": ("prepare", "check", "--lr", "images", "--hr", "images", "--scale", "1"),
    "verdict": ("verdict", "net.safetensors", "images", "--page", f"{OUT}/page.html", "--out", f"{OUT}/all.json"),
    "measure": ("measure", "--real", "images"),
    "train": ("train", "tiny.py", "--hr", "images", "--real", "images", "--work-dir", OUT, "--device", "cpu"),
    "track": ("prepare", "track", "--hr", "images", "--track", "mild", "--out", OUT),
    "align": ("prepare", "align", "--lr", "images", "--hr", "images", "--scale", "1", "--out", OUT),
}
_MAKES = {"infer": (f"{OUT}/good.png",), "infer turned": (f"{OUT}/good.png",), "degrade": (f"{OUT}/good.png",)}
_TARGETS = ("a.png", "a.tif", "a.jpg", "a.webp", "a.bmp", "a.gif", "a.jp2", "a.avif", "a.txt", "deep/er/a.png")
_WAYS = ["read"] * 200 + ["infer"] * 4 + ["degrade", "check"] * 2 + ["one file"] * 2 + sorted(_FOLDER_COMMANDS)


def cases() -> st.SearchStrategy[dict[str, Any]]:
    """Draws descriptions of cases."""
    seeds = sorted(seed_images())
    ordinary = st.sampled_from(seeds).map(lambda seed: (seed, f"a.{seed.rpartition('.')[2]}"))
    names = st.tuples(st.sampled_from(seeds), st.sampled_from(_NAMES))
    special = st.sampled_from(_SPECIAL).map(lambda kind: (kind, "special.png"))
    return st.builds(
        lambda file, changes, way, target: dict(seed=file[0], name=file[1], damages=changes, way=way, target=target),
        st.integers(0, 29).flatmap(lambda kind: special if kind == 0 else names if kind < 4 else ordinary),
        damages(),
        st.sampled_from(_WAYS),
        st.sampled_from(_TARGETS),
    )


def play(case: dict[str, Any]) -> Play:
    """Builds a case."""
    seed, name, way = case["seed"], case["name"], case["way"]
    content = seed if seed in _SPECIAL else damaged(seed_images()[seed], case["damages"])
    if way == "read":
        return Play({name: content}, ("call", "case_worker", "read_by_all", name))
    if way == "one file":
        arguments = ("infer", "net.safetensors", f"./{name}", "-o", f"{OUT}/{case['target']}")
        return Play({name: content, "net.safetensors": training()["net.safetensors"]}, arguments)
    files = {"images/good.png": good_png(), **images(), **training(), "tiny.py": CONFIG.encode()}
    return Play(
        {**files, f"images/{name}": content}, _FOLDER_COMMANDS[way], () if "good" in name else _MAKES.get(way, ())
    )
