"""Starts, prepares, names and stops the embedded AWS of this clone, as a process of its own.

``run`` is what every verb goes through by default: it makes sure that localaws answers and that its accounts are
prepared (foundation, example models, scoring input), then becomes the verb with the environment that points at it.
It knows localaws by its command line and its address alone, and it never touches a real AWS account.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scripts.command_line import argument_parser, print_json, run
from scripts.errors import LocalCloudError

HOME = Path(".localaws")
STATE = HOME / "state"
LOG = HOME / "server.log"
ADDRESS = HOME / "address.json"
PREPARED = HOME / "prepared"
USUAL_PORT = 4566
START_SECONDS = 60.0

# What a user's own AWS configuration could change about a call; none of it may reach the embedded AWS.
_FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser(
        "scripts.local_cloud", "The embedded AWS of this clone: start, name, stop, forget.", stage=False
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("up", help="start it where it does not run, and prepare its accounts")
    actions.add_parser("down", help="stop it; its state is kept")
    actions.add_parser("reset", help="stop it and forget its state")
    environment = actions.add_parser("env", help="print the export lines that point any AWS client at it")
    environment.add_argument("--stage", help="credentials of this stage's account instead of dev's")
    runner = actions.add_parser("run", help="start and prepare it, then run a command against it")
    runner.add_argument("command", nargs=argparse.REMAINDER, help="-- COMMAND ARGUMENT ...")
    chosen = parser.parse_args(arguments)
    if chosen.action == "down":
        return _down()
    if chosen.action == "reset":
        return _reset()
    if chosen.action == "env":
        return _print_environment(chosen.stage, chosen.output)
    endpoint_url = ensure_ready()
    if chosen.action == "up":
        print(endpoint_url)
        return 0
    command = [part for part in chosen.command if part != "--"] if chosen.command[:1] == ["--"] else chosen.command
    _announce(endpoint_url)
    os.execvpe(command[0], command, client_environment(endpoint_url, _dev_account()))  # noqa: S606 (the verb takes over)
    raise AssertionError("execvpe does not return")


def client_environment(endpoint_url: str, account: str) -> dict[str, str]:
    """The process environment of an AWS client of this embedded AWS, as ``account``'s own principal."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    without_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))
    return {
        **kept,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": without_proxy,
        "no_proxy": without_proxy,
    }


def ensure_ready() -> str:
    """The endpoint URL of this clone's embedded AWS, started and prepared now where that was not done."""
    HOME.mkdir(exist_ok=True)
    with _one_starter():
        endpoint_url = _running_endpoint() or _start()
        _prepare(endpoint_url)
    return endpoint_url


def _running_endpoint() -> str | None:
    address = _running_address()
    if address is None:
        return None
    if not set(_accounts()) <= set(address["accounts"]):
        _stop(address["process"])  # a stage file names an account that this server was not started with
        return None
    return str(address["endpoint_url"])


def _start() -> str:
    port = int(os.environ.get("LOCALAWS_PORT", USUAL_PORT))
    if not _is_free(port):
        print(f"Port {port} is taken; the embedded AWS takes a free one.", file=sys.stderr)
        port = 0
    command = [sys.executable, "-m", "localaws", "--port", str(port), "--state", str(STATE)]
    command += [part for account in _accounts() for part in ("--account", account)]
    with LOG.open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        endpoint_url = _endpoint_in_log()
        if endpoint_url and _health(endpoint_url):
            ADDRESS.write_text(json.dumps({"endpoint_url": endpoint_url, "process": process.pid}))
            return endpoint_url
        time.sleep(0.05)
    else:
        process.terminate()
    raise LocalCloudError(
        f"localaws did not start (exit code {process.poll()})",
        found=LOG.read_text(errors="replace").splitlines()[-8:],
        next_command=f"cat {LOG}; make local-reset forgets its state",
    )


def _endpoint_in_log() -> str | None:
    for line in LOG.read_text(errors="replace").splitlines():
        if line.startswith("localaws: listening on "):
            return line.split()[3].rstrip(",")
    return None


def _running_address() -> dict[str, Any] | None:
    """{"endpoint_url", "process", "accounts"} of this clone's server where it answers, else None."""
    try:
        address: dict[str, Any] = json.loads(ADDRESS.read_text())
    except (FileNotFoundError, ValueError):
        return None
    health = _health(address["endpoint_url"])
    if health is None or health["process"] != address["process"]:
        return None  # nothing answers there, or another clone's server took the port
    return {**address, **health}


def _health(endpoint_url: str) -> dict[str, Any] | None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint_url}/_localaws/health", timeout=5) as response:
            health: dict[str, Any] = json.load(response)
    except (OSError, ValueError):
        return None
    return health if health.get("service") == "localaws" else None


def _prepare(endpoint_url: str) -> None:
    """Deploy the foundation into every account and fill dev from examples/, once for each state of what they need."""
    wanted = _preparation_digest()
    if PREPARED.exists() and PREPARED.read_text() == wanted:
        return
    environment = client_environment(endpoint_url, _dev_account())
    print("Preparing the embedded AWS: foundation, example models, scoring input (once) ...", file=sys.stderr)
    for module, arguments in (("scripts.bootstrap_accounts", ["--yes", "--no-toolchain"]), ("examples.seed", [])):
        code = subprocess.run(
            [sys.executable, "-m", module, *arguments], env=environment, stdout=sys.stderr, check=False
        ).returncode
        if code:
            raise LocalCloudError(f"{module} failed with exit code {code}", next_command="make local-up")
    PREPARED.write_text(wanted)


def _preparation_digest() -> str:
    """Changes when what preparation makes would change: settings, foundation, examples, overriding variables."""
    digest = hashlib.sha256()
    for path in sorted(
        [*Path("stages").glob("*.yml"), Path("cloudformation/foundation.yml"), *Path("examples").rglob("*.py")]
    ):
        digest.update(f"{path}\0".encode() + path.read_bytes())
    for account in _accounts():
        digest.update(account.encode())
    digest.update(os.environ.get("AWS_REGION", "").encode())
    return digest.hexdigest()


def _print_environment(stage: str | None, output: str) -> int:
    from scripts.settings import load_stage

    address = _running_address()
    if address is None:
        raise LocalCloudError("the embedded AWS does not run", next_command="make local-up")
    settings = load_stage(stage) if stage else _any_stage()
    account = settings.account if stage else settings.dev_account
    variables = {
        "AWS_ENDPOINT_URL": address["endpoint_url"],
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_REGION": settings.region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if output == "json":
        print_json(variables)
        return 0
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in variables.items():
        print(f"export {name}={value}")
    return 0


def _announce(endpoint_url: str) -> None:
    print(
        f"This is the embedded AWS (localaws) at {endpoint_url}. The real one: CLOUD=aws, see docs/going-to-aws.md.",
        file=sys.stderr,
    )


def _down() -> int:
    address = _running_address()
    if address is None:
        print("The embedded AWS does not run.", file=sys.stderr)
    else:
        _stop(address["process"])
        print("The embedded AWS is stopped; its state is kept (make local-reset forgets it).", file=sys.stderr)
    ADDRESS.unlink(missing_ok=True)
    return 0


def _reset() -> int:
    _down()
    shutil.rmtree(HOME, ignore_errors=False) if HOME.exists() else None
    print("Its state is forgotten.", file=sys.stderr)
    return 0


def _stop(process: int, longest: float = 15.0) -> None:
    """End the server by its process id, which its own health page has confirmed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + longest
        while time.monotonic() < deadline:
            os.kill(process, 0)
            with contextlib.suppress(ChildProcessError):  # reaped here only where this process started it
                os.waitpid(process, os.WNOHANG)
            time.sleep(0.05)
        raise LocalCloudError(f"process {process} does not stop", next_command=f"kill -9 {process}")


@contextlib.contextmanager
def _one_starter() -> Iterator[None]:
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_stage() -> Any:
    from scripts.settings import load_stage, stage_names

    return load_stage(stage_names()[0])


def _dev_account() -> str:
    return str(_any_stage().dev_account)


def _accounts() -> list[str]:
    """dev first, then each stage's, without repetitions."""
    from scripts.settings import load_stage, stage_names

    stages = [load_stage(name) for name in stage_names()]
    return list(dict.fromkeys([stages[0].dev_account, *(stage.account for stage in stages)]))


if __name__ == "__main__":
    sys.exit(run(main))
