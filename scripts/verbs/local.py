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
import re
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

from scripts.errors import INTERRUPTED, LocalCloudError, SettingsError, UsageError
from scripts.terminal.command_line import argument_parser, print_json, run

HOME = Path(".localaws")
STATE = HOME / "state"
LOG = HOME / "server.log"
ADDRESS = HOME / "address.json"
PREPARED = HOME / "prepared"
# Both continue where a killed run stopped. --keep: what a team has registered and decided since stays as it is.
PREPARATION = [
    ("scripts.verbs.bootstrap", "--yes", "--no-toolchain", "--brief"),
    ("examples.seed", "--keep"),
]
USUAL_PORT = 4566
# The settings that foundation, example models and scoring input are made by; a new schedule needs none of them anew.
PREPARED_FROM = {"dev_account", "account", "region", "project", "model_package_group", "pipeline", "input_prefix"}
PREPARED_FROM |= {"network", "tags"}
LARGEST_PORT = 65_535
START_SECONDS = 60.0

# Of a user's own AWS configuration only what overrides a stage file may reach the embedded AWS and its clients: a
# profile, an endpoint, a certificate bundle or a proxy would lead their calls elsewhere.
_OVERRIDES = re.compile(r"AWS_(REGION|[A-Z0-9]+_ACCOUNT_NUMBER)")
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser(
        "scripts.verbs.local", "The embedded AWS of this clone: start, name, stop, forget.", stage=False
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
    if chosen.action == "up":
        print(ensure_ready())
        return 0
    command = chosen.command[1:] if chosen.command[:1] == ["--"] else chosen.command
    if not command:
        raise UsageError("no command given", next_command="python -m scripts.verbs.local run -- COMMAND")
    if {"-h", "--help"} & set(command):
        os.execvp(command[0], command)  # noqa: S606 (it needs no AWS)
    _require_stage(command)
    endpoint_url = ensure_ready()
    _announce(endpoint_url)
    os.execvpe(command[0], command, client_environment(endpoint_url, _dev_account()))  # noqa: S606 (the verb takes over)
    raise AssertionError("execvpe does not return")


def client_environment(endpoint_url: str, account: str) -> dict[str, str]:
    """The process environment of an AWS client of this embedded AWS, as ``account``'s own principal."""
    return {
        **_unconfigured(),
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _unconfigured() -> dict[str, str]:
    """The user's environment without the AWS configuration and the proxies in it."""
    return {name: value for name, value in os.environ.items() if not _is_foreign(name)}


def _is_foreign(name: str) -> bool:
    return name.upper() in _PROXIES or (name.startswith("AWS_") and not _OVERRIDES.fullmatch(name))


def _require_stage(command: Sequence[str]) -> None:
    """Refuse a stage that is missing, unknown or invalid before anything is started for it."""
    from scripts.workspace.stage_files import load_stage

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--stage")
    stage = parser.parse_known_args(command)[0].stage
    if stage is not None:
        load_stage(stage)


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
    if address.get("unusable"):
        print(
            f"The embedded AWS could not write its state ({address['unusable']}): starting it again.", file=sys.stderr
        )
        _stop(address["process"])
        return None
    return str(address["endpoint_url"])


def _start() -> str:
    port = _wanted_port()
    if not _is_free(port):
        print(f"Port {port} is taken; the embedded AWS takes a free one.", file=sys.stderr)
        port = 0
    endpoint_url = _launch(port)
    if not endpoint_url and port and not _is_free(port):  # somebody was faster
        endpoint_url = _launch(0)
    if not endpoint_url:
        raise LocalCloudError(
            "localaws did not start",
            found=LOG.read_text(errors="replace").splitlines()[-8:],
            next_command=f"cat {LOG}; make local-reset forgets its state",
        )
    return endpoint_url


def _launch(port: int) -> str | None:
    """Start the server and wait until it answers; None where it has ended instead."""
    command = [_installed(), "start", "--port", str(port), "--state", str(STATE)]
    command += [part for account in _accounts() for part in ("--account", account)]
    with LOG.open("w") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=_unconfigured(),
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


def _installed() -> str:
    """The command ``localaws`` of the environment that this verb runs in."""
    command = Path(sys.executable).with_name("localaws")
    if not command.exists():
        raise LocalCloudError(
            "the embedded AWS is not installed beside this Python",
            found=[f"no {command}"],
            next_command="make install   (requirements/localaws.txt says what it installs)",
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
            f'environment variable LOCALAWS_PORT: "{text}" is no port (0-{LARGEST_PORT}; 0: any free one)',
            next_command=f"unset LOCALAWS_PORT   (takes {USUAL_PORT})",
        )
    return int(text)


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
    known = address["endpoint_url"]
    if not known:
        address["endpoint_url"] = _wait_for_endpoint(address["process"])
    health = _health(address["endpoint_url"]) if address["endpoint_url"] else None
    if health is None or health["process"] != address["process"]:
        return None  # nothing answers there, or another clone's server took the port
    if not known:  # written only then: on a full disk a server must still be found, to be stopped
        _note_address(address["process"], address["endpoint_url"])
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
    why = "settings have changed" if PREPARED.exists() else "once"
    print(f"Preparing the embedded AWS: foundation, example models, scoring input ({why}) ...", file=sys.stderr)
    for module, *arguments in PREPARATION:
        code = subprocess.run(
            [sys.executable, "-m", module, *arguments], env=environment, stdout=sys.stderr, check=False
        ).returncode
        if code:
            sys.exit(code if code > 0 else INTERRUPTED)  # it has said why
    PREPARED.write_text(wanted)


def _preparation_digest() -> str:
    """Changes when what preparation makes would change: the settings it reads, overridden or not, and its own code."""
    from scripts.workspace.stage_files import load_stage, stage_names

    digest = hashlib.sha256()
    for stage in stage_names():
        digest.update(f"{stage}\0{load_stage(stage).model_dump_json(include=PREPARED_FROM)}\0".encode())
    for path in [Path("cloudformation/foundation.yml"), *sorted(Path("examples").rglob("*.py"))]:
        digest.update(f"{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _print_environment(stage: str | None, output: str) -> int:
    from scripts.workspace.stage_files import load_stage

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
    # The profile and token always, and whatever else stands in the shell that would lead calls elsewhere.
    others = {name for name in os.environ if _is_foreign(name) and name.startswith("AWS_")}
    print("unset", *sorted({"AWS_PROFILE", "AWS_SESSION_TOKEN", *others} - variables.keys()))
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
    while not _has_ended(process):
        if time.monotonic() > deadline:
            raise LocalCloudError(f"process {process} does not stop", next_command=f"kill -9 {process}")
        time.sleep(0.05)


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
    from scripts.workspace.stage_files import load_stage, stage_names

    return load_stage(stage_names()[0])


def _dev_account() -> str:
    return str(_any_stage().dev_account)


def _accounts() -> list[str]:
    """dev first, then each stage's, without repetitions."""
    from scripts.workspace.stage_files import load_stage, stage_names

    stages = [load_stage(name) for name in stage_names()]
    return list(dict.fromkeys([stages[0].dev_account, *(stage.account for stage in stages)]))


if __name__ == "__main__":
    sys.exit(run(main))
