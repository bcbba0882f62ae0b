"""A headless Chromium that looks at one page: what it measures there, and what it complains about.

The page is shown in a frame of the wanted width beside a script that measures it; both come from a server on loopback,
which tells what else was asked for. Chromium is started anew each time, with a profile of its own.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 120
_MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")
# As root, in a container, it cannot make its sandbox; and it shall look nothing up on its own.
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
]


@dataclass(frozen=True)
class Seen:
    """``measured`` is what measure.js returns; ``complaints`` are lines of the console; ``requests`` are paths."""

    measured: dict[str, Any]
    complaints: list[str]
    requests: list[str]


def chromium() -> str | None:
    """The browser's path; None where this machine has none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def look_at(page: str, folder: Path, width: int, *, dark: bool) -> Seen:
    """Show ``page`` at ``width``; ``folder`` is an empty one for Chromium's profile."""
    found = chromium()
    assert found, "ask chromium() first"
    with _served(page, width) as (address, requests):
        done = subprocess.run(
            [
                found,
                *_FLAGS,
                f"--user-data-dir={folder}",
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                f"--window-size={max(width, 500) + 50},2000",
                "--dump-dom",
                address,
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
        )
    measured = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    assert measured, done.stderr[-2000:]
    complaints = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return Seen(json.loads(html.unescape(measured[1])), complaints, requests)


@contextmanager
def _served(page: str, width: int) -> Iterator[tuple[str, list[str]]]:
    requests: list[str] = []
    frame = (
        '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body style="margin:0">'
        f'<iframe src="/page" style="border:0;width:{width}px;height:2000px"></iframe>'
        f'<pre id="measured"></pre><script>{_MEASURE}</script>'
    )
    content = {"/": frame.encode(), "/page": page.encode()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_response(200 if self.path in content else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content.get(self.path, b""))

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its name there)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", requests
    finally:
        server.shutdown()
        server.server_close()
