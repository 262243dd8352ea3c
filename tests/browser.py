"""Headless Chromium, told what to do through a pipe: no package and no port."""

import base64
import json
import os
import select
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

#: Debian's and other names.
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--mute-audio", "--remote-debugging-pipe",
)  # fmt: skip


def found() -> str | None:
    """The browser there is; ``NORMSTAT_CHROMIUM`` names another."""
    if not hasattr(os, "posix_spawn"):
        return None
    names = filter(None, (os.environ.get("NORMSTAT_CHROMIUM"), *NAMES))
    return next(filter(None, map(shutil.which, names)), None)


class Browser:
    """A Chromium with one tab.

    Attributes
    ----------
    said : messages of the console, and errors.
    asked : addresses that the page requested.
    """

    def __init__(self, program: str) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self._number = 0
        self._session = ""
        self._profile = tempfile.mkdtemp(prefix="normstat-browser-")
        self._pid, self._write, read = _started(program, self._profile)
        self._read = _messages(read)
        target = self("Target.createTarget", url="about:blank")["targetId"]
        attached = self("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol and return its result."""
        self._number += 1
        call = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            call["sessionId"] = self._session
        os.write(self._write, json.dumps(call).encode() + b"\0")
        return self._until(lambda message: message.get("id") == call["id"])["result"]

    def open(self, file: Path, width: int = 1280, dark: bool = False, media: str = "") -> None:
        """Show a page; what it says and asks for from now on is kept."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.said.clear()
        self.asked.clear()
        self("Page.navigate", url=file.absolute().as_uri())
        self._until(lambda message: message.get("method") == "Page.loadEventFired")

    def value(self, script: str) -> Any:
        """The value of an expression of JavaScript, once its promise is kept."""
        answer = self("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as PNG."""
        answer = self("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def printed(self) -> bytes:
        """The page on paper, of the size it asks for, as PDF."""
        answer = self("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(answer["data"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.kill(self._pid, signal.SIGKILL)  # its other processes end with it
        os.waitpid(self._pid, 0)
        os.close(self._write)
        self._read.close()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _until(self, wanted: Any) -> dict[str, Any]:
        while True:
            message = next(self._read, None)
            assert message is not None, "the browser has ended, or says nothing"
            self._note(message)
            if wanted(message):
                assert "error" not in message, message["error"]
                return message

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        match message.get("method"):
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded":
                self.said.append(json.dumps(parameters))
            case "Network.requestWillBeSent":
                self.asked.append(parameters["request"]["url"])


def _started(program: str, profile: str) -> tuple[int, int, int]:
    """Start a browser: its process, a pipe to it, and one from it."""
    import fcntl  # which Windows does not have

    (theirs_read, ours_write), (ours_read, theirs_write) = os.pipe(), os.pipe()
    # Not below 10: what becomes 3 and 4 in the browser must not be 4 and 3 before.
    high = [fcntl.fcntl(pipe, fcntl.F_DUPFD_CLOEXEC, 10) for pipe in (theirs_read, theirs_write)]
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    pipes = [(os.POSIX_SPAWN_DUP2, pipe, number) for number, pipe in enumerate(high, 3)]
    arguments = [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    pid = os.posix_spawn(program, arguments, os.environ, file_actions=[*nothing, *pipes])
    for pipe in (theirs_read, theirs_write, *high):
        os.close(pipe)
    return pid, ours_write, ours_read


def _messages(pipe: int) -> Iterator[dict[str, Any]]:
    """What the browser says, until it ends or says nothing for a minute."""
    buffer = b""
    try:
        while select.select([pipe], [], [], 60)[0] and (block := os.read(pipe, 1 << 16)):
            *whole, buffer = (buffer + block).split(b"\0")
            yield from map(json.loads, whole)
    finally:
        os.close(pipe)
