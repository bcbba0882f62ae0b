"""What a server that stops would cut off is what comes to an end, and not what lasts as long as the server."""

from __future__ import annotations

import threading

from localaws.core.workers import Workers


def test_what_comes_to_an_end_is_at_work_until_it_has_and_what_lasts_is_not() -> None:
    workers, go_on = Workers(), threading.Event()

    def run() -> None:
        go_on.wait(30)

    def watch() -> None:
        workers.stopping.wait(30)

    running = workers.start("job x", run)
    lasting = workers.start_lasting("timer", watch)
    assert workers.at_work() == ["job x"]
    go_on.set()
    running.join(30)
    assert workers.at_work() == []
    workers.stop()
    lasting.join(30)
    assert not lasting.is_alive()


def test_a_worker_that_fails_is_not_at_work_any_more() -> None:
    workers = Workers()

    def fail() -> None:
        raise RuntimeError("x")

    workers.start("job x", fail).join(30)
    assert workers.at_work() == []
