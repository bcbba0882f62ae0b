"""An embedded AWS as a process of its own, for tests that need one which differs from the shared server.

moto keeps its state in the process, so two servers in one process would see each other's resources.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

from localaws.core.account_keys import TOKEN_HEADER, read_control_token, read_keys

_LOADER = botocore.loaders.create_loader()


def session(region: str, **keys: str) -> boto3.session.Session:
    """A session of its own, over service models that all share: reading them takes ten times a client's making."""
    core = botocore.session.get_session()
    core.register_component("data_loader", _LOADER)
    return boto3.session.Session(botocore_session=core, region_name=region, **keys)


def page(endpoint_url: str, token: str, path: str, body: Any = None) -> Any:
    headers = {TOKEN_HEADER: token, "Content-Type": "application/json"}
    content = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(
        urllib.request.Request(f"{endpoint_url}{path}", content, headers), timeout=10
    ) as answer:
        return json.load(answer)


class ServerProcess:
    """``localaws start`` on a free port; ``folder`` keeps its state and its log."""

    def __init__(self, folder: Path, accounts: list[str], region: str, *options: str) -> None:
        self.folder = folder
        self._region = region
        command = [sys.executable, "-m", "localaws", "start", "--port", "0", "--state", str(folder / "state"), *options]
        command += [part for account in accounts for part in ("--account", account)]
        self._log = (folder / "server.log").open("w+")
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("localaws: listening"), line + (folder / "server.log").read_text()
        self.endpoint_url = line.split()[3].rstrip(",")

    @property
    def pid(self) -> int:
        return self._process.pid

    def client(self, service: str, account: str, **keys: str) -> Any:
        """A client as ``account``'s own principal, or with other ``keys``."""
        chosen = keys or {"aws_access_key_id": account, "aws_secret_access_key": self.secret(account)}
        config = Config(retries={"mode": "standard", "total_max_attempts": 1})
        return session(self._region, **chosen).client(service, endpoint_url=self.endpoint_url, config=config)

    def secret(self, account: str) -> str:
        return read_keys(self.folder / "state")[account]

    def page(self, path: str, body: Any = None) -> Any:
        """A control page's JSON, by the token of the state directory; with ``body`` by POST."""
        return page(self.endpoint_url, str(read_control_token(self.folder / "state")), path, body)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def is_killed(self) -> bool:
        """Whether it is gone without having been asked to; a moment is given to a process that is dying."""
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return False
        self._log.close()
        return True

    def ended(self) -> bool:
        """Whether it has ended, by now or within a while."""
        self._process.wait(20)
        self._log.close()
        return self._process.poll() is not None
