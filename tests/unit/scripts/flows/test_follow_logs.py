"""Following an execution's logs: each line once, none lost at the end, and no waiting for what has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scripts.decisions.log_lines import LogLine, LogSource
from scripts.flows.follow_logs import LATE, Look, StepLog, follow_logs

PREPROCESS = LogSource("Preprocess", "g", "p/")
SCORE = LogSource("Score", "g", "s/")


def step(source: LogSource, ended: bool) -> StepLog:
    return StepLog(source.step, "Succeeded" if ended else "Executing", source, ended)


def line(number: int, source: LogSource) -> LogLine:
    return LogLine(number, source.step, "algo-1", f"line {number}")


class Execution:
    """Stands as ``looks`` say, one after the other, and logs what ``written`` says at each look."""

    subject = "execution x"

    def __init__(self, looks: list[Look], written: list[dict[LogSource, list[LogLine]]]) -> None:
        self._looks, self._written = looks, written
        self.slept: list[float] = []
        self.read: list[tuple[int, str]] = []
        self._now = -1

    def known_steps(self) -> list[str]:
        return []

    def look(self) -> Look:
        self._now += 1
        return self._looks[self._now]

    def news(self, source: LogSource) -> list[LogLine]:
        self.read.append((self._now, source.step))
        return self._written[self._now].pop(source, []) if self._now < len(self._written) else []

    def shown(self, wanted: str | None = None, last: int | None = None) -> list[int]:
        sleep: Callable[[float], None] = self.slept.append
        return [each.timestamp for each in follow_logs(self, self.news, sleep, step=wanted, last=last)]


RUNNING = Look("Executing", True, [step(PREPROCESS, False)], "Preprocess")
ENDED = Look("Succeeded", False, [step(PREPROCESS, True), step(SCORE, True)], "")


def test_an_execution_that_has_ended_is_shown_whole_in_order_and_at_once() -> None:
    both = {PREPROCESS: [line(1, PREPROCESS), line(4, PREPROCESS)], SCORE: [line(2, SCORE), line(3, SCORE)]}
    execution = Execution([ENDED], [both])
    assert execution.shown() == [1, 2, 3, 4]
    assert execution.slept == []


def test_what_comes_while_it_runs_is_shown_and_the_last_lines_are_waited_for() -> None:
    written = [
        {PREPROCESS: [line(1, PREPROCESS)]},
        {PREPROCESS: [line(2, PREPROCESS)]},
        {SCORE: [line(3, SCORE)]},
    ]
    execution = Execution([RUNNING, RUNNING, ENDED], written)
    assert execution.shown() == [1, 2, 3]
    assert execution.slept[-1] == LATE


def test_only_the_last_lines_of_what_there_is_and_all_that_comes() -> None:
    before = [line(number, PREPROCESS) for number in range(10)]
    after = [line(number, PREPROCESS) for number in range(10, 15)]
    execution = Execution([RUNNING, ENDED], [{PREPROCESS: before}, {PREPROCESS: after}])
    assert execution.shown(last=2) == [8, 9, 10, 11, 12, 13, 14]


def test_of_one_step_alone_and_nothing_else_is_read() -> None:
    execution = Execution([ENDED], [{PREPROCESS: [line(1, PREPROCESS)], SCORE: [line(2, SCORE)]}])
    assert execution.shown("Score") == [2]
    assert execution.read == [(0, "Score")]


def test_a_step_that_has_ended_is_not_read_for_ever_but_once_more_at_the_end() -> None:
    going_on = replace(RUNNING, steps=[step(PREPROCESS, True), step(SCORE, False)])
    execution = Execution([going_on] * 6 + [ENDED], [])
    execution.shown()
    assert [now for now, name in execution.read if name == "Preprocess"] == [0, 1, 6]
    assert [now for now, name in execution.read if name == "Score"] == list(range(7))


def test_a_step_that_does_not_log_is_left_alone() -> None:
    execution = Execution([replace(ENDED, steps=[StepLog("Choose", "Succeeded", None, True)])], [])
    assert execution.shown() == []
    assert execution.read == []
