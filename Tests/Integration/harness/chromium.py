"""Headless Chromium, driven through a pipe by the DevTools protocol: pages at any size, light and dark."""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import tempfile

from polling import PATIENCE, until

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")


class Browser:
    """One browser with one page; use `browser()`."""

    def __init__(self, reading: int, writing: int):
        self._reading, self._writing = os.fdopen(reading, "rb"), os.fdopen(writing, "wb")
        self._number = 0
        #: Events since the last `open`.
        self.events: list[dict] = []
        self._session = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{domain}.enable")

    def _receive(self) -> dict:
        message = bytearray()
        while (byte := self._reading.read(1)) != b"\0":
            assert byte, "the browser has ended"
            message += byte
        return json.loads(message)

    def _call(self, method: str, **parameters) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._writing.write(json.dumps(message).encode() + b"\0")
        self._writing.flush()
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, url: str, width: int, height: int, dark: bool = False) -> None:
        """Loads a page in a window of this size."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._call("Emulation.setEmulatedMedia",
                   features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.events.clear()
        self._call("Page.navigate", url=url)
        until(lambda: self.evaluate("document.readyState") == "complete" and self.evaluate("location.href") != "about:blank",
              "the page to be loaded")

    def evaluate(self, expression: str):
        return self._call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"])

    @property
    def requested(self) -> list[str]:
        """The URLs that were requested since `open`."""
        return [one["params"]["request"]["url"] for one in self.events if one.get("method") == "Network.requestWillBeSent"]

    @property
    def complaints(self) -> list[str]:
        """What the console says since `open`."""
        return [one["params"]["entry"]["text"] for one in self.events if one.get("method") == "Log.entryAdded"]


@contextlib.contextmanager
def browser():
    """A browser that ends with the block."""
    to_read, to_write = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="wsgi-chromium-", ignore_cleanup_errors=True) as home:

        def place():
            high = [os.dup2(to_write[0], 64), os.dup2(to_read[1], 65)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        process = subprocess.Popen(
            [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--disable-background-networking", "--no-first-run", f"--user-data-dir={home}", "--remote-debugging-pipe",
             "about:blank"],
            preexec_fn=place, pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": home})
        os.close(to_write[0])
        os.close(to_read[1])
        try:
            yield Browser(to_read[0], to_write[1])
        finally:
            process.terminate()
            process.wait(PATIENCE)
