"""The process of this clone's embedded AWS: started, found again, and stopped.

It knows localaws by its command line, its health page and its address alone. What the accounts hold is not its matter
(``preparation``), and it never touches a process that its own health page has not confirmed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from scripts.errors import LocalCloudError, SettingsError
from scripts.local_cloud.environment import unconfigured
from scripts.local_cloud.git_remote import point_remote_nowhere
from scripts.local_cloud.keys import TOKEN_HEADER, control_token, has_keys
from scripts.workspace.stage_files import accounts

HOME = Path(".localaws")
STATE = HOME / "state"
LOG = HOME / "server.log"
ADDRESS = HOME / "address.json"
USUAL_PORT = 4566
LARGEST_PORT = 65_535
START_SECONDS = 60.0


def running_endpoint() -> str | None:
    address = running_address()
    if address is None:
        return None
    if "accounts" not in address or not has_keys(STATE):
        print("The embedded AWS has no keys that are known here: starting it again.", file=sys.stderr)
        require_idle(address, [])
        _stop(address["process"])
        return None
    lacking = sorted(set(accounts()) - set(address["accounts"]))
    if lacking:
        require_idle(address, lacking)
        _stop(address["process"])  # the settings name an account that this server was not started with
        return None
    if address.get("unusable"):
        print(
            f"The embedded AWS could not write its state ({address['unusable']}): starting it again.", file=sys.stderr
        )
        _stop(address["process"])
        return None
    return str(address["endpoint_url"])


def require_idle(address: dict[str, Any], lacking: list[str]) -> None:
    """Raises LocalCloudError where starting the server again, with more accounts, would cut off what runs there."""
    at_work = address.get("at_work", [])
    if at_work:
        variables = [name for name, value in os.environ.items() if name.endswith("_NUMBER") and value in lacking]
        raise LocalCloudError(
            f"the embedded AWS must be started again for {_reason(lacking)}, and something runs there",
            found=[f"running: {', '.join(at_work)}", *(f"{each} names that account" for each in variables)],
            next_command=(
                f"unset {variables[0]}   # or wait" if variables else "make status   # wait until it has ended"
            )
            + ", or cut it off: make local-down",
        )


def _reason(lacking: list[str]) -> str:
    return f"account {', '.join(lacking)}" if lacking else "keys of its own"


def start() -> str:
    port = _wanted_port()
    if not _is_free(port):
        _stop_forgotten(port)
    if not _is_free(port):
        print(f"Port {port} is in use; the embedded AWS uses a free one.", file=sys.stderr)
        port = 0
    endpoint_url = _launch(port)
    if not endpoint_url and port and not _is_free(port):  # somebody was faster
        endpoint_url = _launch(0)
    if not endpoint_url:
        raise LocalCloudError(
            "localaws did not start",
            found=LOG.read_text(errors="replace").splitlines()[-8:],
            next_command=f"cat {LOG}   # make local-reset deletes its state",
        )
    return endpoint_url


def _stop_forgotten(port: int) -> None:
    """Stop this clone's own server at ``port`` whose address was lost, as by ``git clean -fdx``: its state went too.

    Whose it is, Linux says: the folder that it runs in. Elsewhere it is left alone, and the port is taken.
    """
    health = _health(f"http://127.0.0.1:{port}")
    if health is None:
        return
    with contextlib.suppress(OSError):
        if Path(f"/proc/{health['process']}/cwd").readlink() == Path.cwd():
            print("This clone's embedded AWS has lost its state: it is stopped, and begins anew.", file=sys.stderr)
            _stop(health["process"])


def _launch(port: int) -> str | None:
    """Start the server and wait until it answers; None where it has ended instead."""
    command = [_installed(), "start", "--port", str(port), "--state", str(STATE)]
    command += [part for account in accounts() for part in ("--account", account)]
    with LOG.open("w") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=unconfigured(),
            start_new_session=True,
        ).pid
    # Known before it answers: a command that is cut off now leaves a server that the next one finds.
    _note_address(process, None)
    endpoint_url = _wait_for_endpoint(process)
    if endpoint_url:
        _note_address(process, endpoint_url)
    elif not _has_ended(process):
        os.kill(process, signal.SIGTERM)
    return endpoint_url


def git_helper() -> str:
    """The credential helper by which git shows the repositories of this clone's embedded AWS who is calling."""
    command = [_installed(), "git-credential", "--state", str(STATE.absolute())]
    return f"!{shlex.join(command)}"


def _installed() -> str:
    """The command ``localaws`` of the environment that this verb runs in."""
    command = Path(sys.executable).absolute().with_name("localaws")
    if not command.exists():
        raise LocalCloudError(
            "the embedded AWS is not installed beside this Python",
            found=[f"no {command}"],
            next_command="make install   # requirements/localaws.txt says what it installs",
        )
    return str(command)


def _note_address(process: int, endpoint_url: str | None) -> None:
    unfinished = ADDRESS.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({"process": process, "endpoint_url": endpoint_url}))
    unfinished.replace(ADDRESS)


def _wait_for_endpoint(process: int) -> str | None:
    """The address that the newest server tells in its log, once it answers; None where it has ended before that."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        endpoint_url = _endpoint_in_log()
        health = _health(endpoint_url) if endpoint_url else None
        if endpoint_url and health:
            return endpoint_url if health["process"] == process else None
        if _has_ended(process):
            return None
        time.sleep(0.05)
    return None


def _has_ended(process: int) -> bool:
    with contextlib.suppress(ChildProcessError):  # reaped here only where this process started it
        os.waitpid(process, os.WNOHANG)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return True  # the number now belongs to somebody else's process
    return False


def _wanted_port() -> int:
    text = os.environ.get("LOCALAWS_PORT") or str(USUAL_PORT)
    if not (text.isascii() and text.isdigit() and int(text) <= LARGEST_PORT):
        raise SettingsError(
            f'environment variable LOCALAWS_PORT: "{text}" is not a port (0-{LARGEST_PORT}; 0 means any free port)',
            next_command=f"unset LOCALAWS_PORT   # uses {USUAL_PORT}",
        )
    return int(text)


def _endpoint_in_log() -> str | None:
    for line in LOG.read_text(errors="replace").splitlines():
        if line.startswith("localaws: listening on "):
            return line.split()[3].rstrip(",")
    return None


def running_address() -> dict[str, Any] | None:
    """{"endpoint_url", "process", "accounts"} of this clone's server where it answers, else None."""
    try:
        address: dict[str, Any] = json.loads(ADDRESS.read_text())
    except (FileNotFoundError, ValueError):
        return None
    if not _is_address(address):
        return None
    known = address["endpoint_url"]
    if not known:
        address["endpoint_url"] = _wait_for_endpoint(address["process"])
    health = _health(address["endpoint_url"]) if address["endpoint_url"] else None
    if health is None or health["process"] != address["process"]:
        return None  # nothing answers there, or another clone's server took the port
    if not known:  # written only then: on a full disk a server must still be found, to be stopped
        _note_address(address["process"], address["endpoint_url"])
    return {**address, **health}


def _is_address(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("process"), int)
        and isinstance(found.get("endpoint_url", 0), (str, type(None)))
    )


def _health(endpoint_url: str) -> dict[str, Any] | None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    page = f"{endpoint_url}/_localaws/health"
    request = urllib.request.Request(page, headers={TOKEN_HEADER: control_token(STATE)})  # noqa: S310 (loopback)
    try:
        with opener.open(request, timeout=5) as response:
            health: dict[str, Any] = json.load(response)
    except (OSError, ValueError):
        return None
    return health if health.get("service") == "localaws" else None


def down() -> None:
    address = running_address()
    if address is None:
        print("The embedded AWS is not running.", file=sys.stderr)
    else:
        _stop(address["process"])
        print("The embedded AWS is stopped; its state is kept (make local-reset deletes it).", file=sys.stderr)
    ADDRESS.unlink(missing_ok=True)
    point_remote_nowhere()


def reset() -> None:
    down()
    if HOME.exists():
        shutil.rmtree(HOME)
    print("Its state is deleted.", file=sys.stderr)


def _stop(process: int, longest: float = 15.0) -> None:
    """End the server by its process id, which its own health page has confirmed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + longest
    while not _has_ended(process):
        if time.monotonic() > deadline:
            raise LocalCloudError(f"process {process} does not stop", next_command=f"kill -9 {process}")
        time.sleep(0.05)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
