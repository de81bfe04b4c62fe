"""A headless Chromium, driven over a pipe by its DevTools protocol, which needs no package."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The browser reads commands from file 3 and writes answers to file 4.
LAUNCH = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def find() -> str:
    """The path of a browser; without one, skips the test."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return found


class Page:
    """A tab of a browser."""

    def __init__(self, read: Any, write: Any) -> None:
        self._read, self._write, self._sent, self._unread = read, write, 0, b""
        self.session = ""
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a command and returns its result; events that come before it are kept."""
        self._sent += 1
        session = {"sessionId": self.session} if self.session else {}
        message = {"id": self._sent, "method": method, "params": params, **session}
        self._write.write(json.dumps(message).encode() + b"\0")
        self._write.flush()
        while (answer := self._receive()).get("id") != self._sent:
            self.events.append(answer)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            more = self._read.read1(1 << 20)
            assert more, "the browser has ended"
            self._unread += more
        message, self._unread = self._unread.split(b"\0", 1)
        return json.loads(message)

    def open(self, path: Path, width: int, height: int, *, phone: bool = False, dark: bool = False) -> None:
        """Opens a file from disk in a window of a size, and waits until its images are loaded."""
        ratio = 3 if phone else 1
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=ratio, mobile=phone
        )
        self.send("Emulation.setTouchEmulationEnabled", enabled=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=path.resolve().as_uri())
        self.run("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))")
        self.run("Promise.all([...document.images].map(image => image.decode().catch(() => null)))")

    def run(self, script: str) -> Any:
        """The value of an expression of JavaScript; promises are awaited."""
        found = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Left, top, width and height of the first visible element, which is scrolled into sight."""
        x, y, width, height = self.run(
            f"(() => {{ const one = [...document.querySelectorAll({selector!r})].find(e => e.offsetParent);"
            "one.scrollIntoView({block: 'center', behavior: 'instant'}); const b = one.getBoundingClientRect();"
            "return [b.x, b.y, b.width, b.height]; })()"
        )
        return x, y, width, height

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Sends mousePressed, mouseMoved, mouseReleased or mouseWheel."""
        button = "none" if kind == "mouseWheel" else "left"
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1, **more)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Presses the mouse, moves it and releases it."""
        self.mouse("mousePressed", *start, buttons=1)
        for share in (0.5, 1.0):
            self.mouse("mouseMoved", *(a + share * (b - a) for a, b in zip(start, end, strict=True)), buttons=1)
        self.mouse("mouseReleased", *end)

    def click(self, selector: str) -> None:
        """Clicks the middle of the first visible element."""
        x, y, width, height = self.box(selector)
        middle = (x + width / 2, y + height / 2)
        self.drag(middle, middle)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Writes what is seen, or the whole page, as PNG or JPEG."""
        kind = "jpeg" if path.suffix in (".jpg", ".jpeg") else "png"
        more = {"quality": 88} if kind == "jpeg" else {}
        data = self.send("Page.captureScreenshot", format=kind, captureBeyondViewport=whole, **more)["data"]
        path.write_bytes(base64.b64decode(data))

    def requests(self) -> list[str]:
        """Addresses that were asked for, without those inside the page."""
        sent = [event["params"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        urls = [params["request"]["url"] for params in sent]
        return [url for url in urls if not url.startswith(("data:", "about:"))]

    def complaints(self) -> list[str]:
        """Errors of scripts, and what the page's policy has blocked."""
        thrown = [e["params"] for e in self.events if e["method"] == "Runtime.exceptionThrown"]
        logged = [e["params"]["entry"] for e in self.events if e["method"] == "Log.entryAdded"]
        return [str(one) for one in thrown] + [one["text"] for one in logged if one["level"] in ("error", "warning")]


@contextmanager
def opened() -> Iterator[Page]:
    """Starts a browser with one page, and ends it."""
    program = find()
    (from_us, to_browser), (from_browser, to_us) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # No sandbox, because root may not use it.
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        options += ["--no-first-run", "--disable-background-networking", "--remote-debugging-pipe"]
        words = [program, *options, f"--user-data-dir={profile}"]
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(from_us), str(to_us), *words],
            pass_fds=(from_us, to_us),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(from_us)
        os.close(to_us)
        with open(from_browser, "rb") as read, open(to_browser, "wb") as write:
            try:
                yield Page(read, write)
            finally:
                process.terminate()
                process.wait(timeout=30)
