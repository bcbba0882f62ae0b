"""``localaws reset``: stop the server of a state directory if one is running, and delete the state."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

from localaws.commands.arguments import add_state
from localaws.commands.running_server import RequestRefusedError, ServerNotRunningError, running_server
from localaws.core.state_lock import hold

_STOP_SECONDS = 15.0
_OWN_FILES = ("lock", "keys.json", "localaws.sqlite", "moto.pickle")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_state(parser, "the state directory to delete")


def run(arguments: argparse.Namespace) -> int:
    state: Path = arguments.state.resolve()
    if not state.exists():
        print(f"There is no state in {state}.")
        return 0
    if not any((state / name).is_file() for name in _OWN_FILES):
        raise RequestRefusedError(f"{state} is not a localaws state directory; nothing was deleted")
    with contextlib.suppress(ServerNotRunningError):
        os.kill(running_server(state).process, signal.SIGTERM)
    _wait_until_free(state)
    shutil.rmtree(state)
    print(f"Deleted the state in {state}.")
    return 0


def _wait_until_free(state: Path) -> None:
    """Until no server holds the directory; another one that does not end keeps it as it is."""
    deadline = time.monotonic() + _STOP_SECONDS
    while True:
        try:
            return hold(state, os.getpid())
        except ValueError as error:
            if time.monotonic() > deadline:
                raise RequestRefusedError(f"{state} is in use: {error}") from error
            time.sleep(0.05)
