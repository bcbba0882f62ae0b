"""Kills the server at each of its writes while a story goes on, starts it again, and sees whether the story ends well.

python -m tests.functional.durability.kills                 every write of every story, and prints N of N
python -m tests.functional.durability.kills --story upload --every 5
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from localaws.core.fault_points import POINTS
from tests.functional.conftest import DEV, REGION
from tests.functional.durability.stories import STORIES, Story
from tests.functional.server_process import ServerProcess

NOT_REACHED = "not reached"
_DIE_AT = "LOCALAWS_DIE_AT"
# What a client meets whose server is gone, be it in the middle of an answer.
_GONE = (BotoCoreError, ConnectionError, ResponseParserError)


def survived(make: Any, point: str, number: int, folder: Path) -> str | None:
    """None where the story ended well although the server died the ``number``-th time that it came to ``point``.

    ``NOT_REACHED`` where it never came there so often; else what went wrong.
    """
    story: Story = make()
    port = _free_port()  # the URLs of queues hold it
    server = _start(folder, port)
    try:
        story.prepare(_client(server))
        server.stop()
        server = _start(folder, port, f"{point}:{number}")
        try:
            story.run(_client(server))
        except (*_GONE, ClientError, AssertionError):
            if not server.is_killed():
                raise
        if not server.is_killed():
            return NOT_REACHED
        server = _start(folder, port)
        story.answered(_client(server))
        story.run(_client(server))
        story.check(_client(server))
    except Exception:
        return traceback.format_exc()
    else:
        return None
    finally:
        server.kill()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _start(folder: Path, port: int, die_at: str = "") -> ServerProcess:
    os.environ[_DIE_AT] = die_at
    try:
        return ServerProcess(folder, [DEV], REGION, "--port", str(port))
    finally:
        del os.environ[_DIE_AT]


def _client(server: ServerProcess) -> Any:
    made: dict[str, Any] = {}

    def client(service: str, **_: Any) -> Any:
        if service not in made:
            made[service] = server.client(service, DEV)
        return made[service]

    return client


def kills(make: Any, every: int) -> Iterator[tuple[str, str | None]]:
    """(where the server died, what went wrong) of every ``every``-th write, at each point of it."""
    for point in POINTS:
        number = 1
        while True:
            with tempfile.TemporaryDirectory() as folder:
                outcome = survived(make, point, number, Path(folder))
            if outcome == NOT_REACHED:
                break
            yield f"{point} {number}", outcome
            number += every


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--story", choices=sorted(STORIES), action="append")
    parser.add_argument("--every", type=int, default=1, help="only every n-th write of each story")
    chosen = parser.parse_args()
    failed = 0
    for name in chosen.story or STORIES:
        well = number = 0
        for where, problem in kills(STORIES[name], chosen.every):
            number += 1
            well += problem is None
            print(f"{name}, killed {where}: {'survived' if problem is None else problem}", flush=True)
        print(f"{name}: {well} of {number} kills survived", flush=True)
        failed += number - well
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
