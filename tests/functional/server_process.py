"""An embedded AWS as a process of its own, by its command and its endpoint alone: no test here imports it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

# In the environment of these tests; LOCALAWS names another one's.
LOCALAWS = os.environ.get("LOCALAWS") or str(Path(sys.executable).with_name("localaws"))

_LOADER = botocore.loaders.create_loader()


def session(region: str, **keys: str) -> boto3.session.Session:
    """A session of its own, over service models that all share: reading them takes ten times a client's making."""
    core = botocore.session.get_session()
    core.register_component("data_loader", _LOADER)
    return boto3.session.Session(botocore_session=core, region_name=region, **keys)


@dataclass(frozen=True)
class Address:
    """Where an embedded AWS is, and its state directory, which keeps its accounts' secret keys."""

    endpoint_url: str
    state: Path

    def secret(self, account: str) -> str:
        return str(json.loads((self.state / "keys.json").read_text())[account])

    def keys(self, account: str) -> dict[str, str]:
        """The variables by which a process is this account's own principal."""
        return {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": self.secret(account)}

    @property
    def git_helper(self) -> str:
        """What git is told to ask for credentials."""
        return f"!{LOCALAWS} git-credential --state {self.state}"

    def page(self, path: str, body: Any = None) -> Any:
        """A control page's JSON, by the token of the state directory; with ``body`` by POST."""
        token = (self.state / "control-token").read_text().strip()
        headers = {"X-Localaws-Token": token, "Content-Type": "application/json"}
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.endpoint_url}{path}", content, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


class ServerProcess:
    """``localaws start`` on a free port; ``folder`` keeps its state and its log."""

    def __init__(self, folder: Path, accounts: list[str], region: str, *options: str) -> None:
        self._region = region
        command = [LOCALAWS, "start", "--port", "0", "--state", str(folder / "state"), *options]
        command += [part for account in accounts for part in ("--account", account)]
        self._log = (folder / "server.log").open("w+")
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("localaws: listening"), line + (folder / "server.log").read_text()
        self.endpoint_url = line.split()[3].rstrip(",")
        self.address = Address(self.endpoint_url, folder / "state")

    def client(self, service: str, account: str, **keys: str) -> Any:
        """A client as ``account``'s own principal, or with other ``keys``."""
        chosen = keys or {"aws_access_key_id": account, "aws_secret_access_key": self.secret(account)}
        config = Config(retries={"mode": "standard", "total_max_attempts": 1})
        return session(self._region, **chosen).client(service, endpoint_url=self.endpoint_url, config=config)

    def secret(self, account: str) -> str:
        return self.address.secret(account)

    def kill(self) -> None:
        """End it at once: its state is not wanted any more."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()
