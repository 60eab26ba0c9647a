"""Chromium without a window, driven over HTTP by its own chromedriver; no library is needed, and no network used."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from time import monotonic, sleep
from typing import Self
from urllib.request import Request, urlopen

CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
MISSING = None if CHROMIUM and DRIVER else "needs chromium and chromedriver on the PATH"
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
QUIET += ("--disable-component-update", "--disable-sync", "--window-size=1440,900")


class Browser:
    def __init__(self, profile: Path):
        """`profile`: an empty folder."""
        self.profile = profile

    def __enter__(self) -> Self:
        self.driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = next(found[1] for line in self.driver.stdout if (found := re.search(r"started successfully on port (\d+)", line)))
        self.url = f"http://127.0.0.1:{port}/session"
        options = {"binary": CHROMIUM, "args": [*QUIET, f"--user-data-dir={self.profile}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.url += "/" + self._ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        return self

    def __exit__(self, *error) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()

    def open(self, page: Path) -> None:
        self._ask("POST", "/url", {"url": page.resolve().as_uri()})

    def run(self, script: str) -> object:
        """The value that a script returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def until(self, script: str, seconds: float = 60) -> object:
        end = monotonic() + seconds
        while not (found := self.run(script)):
            assert monotonic() < end, script
            sleep(0.05)
        return found

    def press(self, key: str) -> None:
        keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": keys}]})

    def hover(self, selector: str) -> None:
        x, y = self.run(f"const b = document.querySelector({json.dumps(selector)}).getBoundingClientRect(); return [b.x + 9, b.y + 9]")
        move = {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}
        self._ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def complaints(self) -> list[str]:
        return [row["message"] for row in self._ask("POST", "/se/log", {"type": "browser"}) if row["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

    def _ask(self, method: str, path: str, value: dict | None = None) -> object:
        data = None if value is None else json.dumps(value).encode()
        with urlopen(Request(self.url + path, data, {"Content-Type": "application/json"}, method=method), timeout=120) as answer:
            return json.load(answer)["value"]
