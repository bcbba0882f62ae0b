"""The application that lets nobody outside be answered before what the answer saw is kept."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from localaws.core.generations import Generations
from localaws.core.state_file import StateFile
from localaws.core.store import Store
from localaws.front_door.kept_answers import KeptAnswers
from tests.unit.core.test_generations import FakeMoto

SIGNED = "AWS4-HMAC-SHA256 Credential=111111111111/20300101/eu-west-1/sqs/aws4_request"


class Writes:
    """An application that writes a document and answers, and remembers how often it was asked."""

    def __init__(self, store: Store) -> None:
        self.table, self.asked = store.table("kind"), 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        self.table.put(f"{self.asked}", {"text": "x" * environ.get("size", 1)})
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]


class Door:
    def __init__(self, directory: Path) -> None:
        self.file = StateFile(directory, {})
        store = Store()
        self.generations = Generations(self.file, store, FakeMoto())
        self.application = Writes(store)
        self._door = KeptAnswers(self.application, self.generations)

    def ask(self, size: int = 1, path: str = "/") -> tuple[str, bytes, int]:
        """Status, body, and how much of the request was left unread."""
        body, started = io.BytesIO(b"request"), []
        environ = {"PATH_INFO": path, "HTTP_AUTHORIZATION": SIGNED, "wsgi.input": body, "CONTENT_LENGTH": "7"}
        answer = b"".join(self._door({**environ, "size": size}, lambda status, headers: started.append(status)))
        return started[0], answer, 7 - body.tell()

    def limit(self, pages: int) -> None:
        execute = self.file._connection.execute
        execute(f"PRAGMA max_page_count = {execute('PRAGMA page_count').fetchone()[0] + pages}")


def test_an_answer_goes_out_when_what_it_did_is_kept(tmp_path: Path) -> None:
    door = Door(tmp_path)
    assert door.ask()[:2] == ("200 OK", b"done")
    assert door.file.generation == 1


def test_what_could_not_be_kept_is_refused_in_the_services_protocol_and_nothing_more_is_done(tmp_path: Path) -> None:
    door = Door(tmp_path)
    door.ask()
    door.limit(1)
    status, body, _ = door.ask(size=100_000)
    assert status.startswith("501")
    assert b"could not write its state (database or disk is full)" in body
    status, _, unread = door.ask()
    assert (status[:3], door.application.asked, unread) == ("501", 2, 0)
    door.limit(10_000)
    assert door.ask()[0] == "200 OK"


def test_health_is_told_while_nothing_can_be_kept(tmp_path: Path) -> None:
    door = Door(tmp_path)
    door.ask()
    door.limit(1)
    door.ask(size=100_000)
    assert door.ask(path="/_localaws/health")[0] == "200 OK"
