"""A silence is broken in time, with how long it has lasted and what is waited for; a noisy step needs no heartbeat."""

from __future__ import annotations

import threading

import pytest

from scripts.terminal.command_line import run
from scripts.terminal.heartbeat import PULSE, SILENCE, Heartbeat, hushed
from scripts.terminal.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def beats_within(heartbeat: Heartbeat, clock: Clock, seconds: float) -> None:
    """What the heartbeat's own thread does, in no time."""
    for _ in range(round(seconds / PULSE)):
        clock.now += PULSE
        heartbeat.pulse()


def test_a_silence_is_never_longer_than_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    beats_within(Heartbeat("stack batch", clock, on_terminal=False), clock, 60.0)
    lines = capsys.readouterr().err.splitlines()
    assert SILENCE + PULSE < 10.0
    assert len(lines) == 60 // SILENCE
    assert lines[0].split() == ["9.0s", "still", "waiting", "for", "stack", "batch"]


def test_whoever_speaks_puts_the_heartbeat_off(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    heartbeat = Heartbeat("stack batch", clock, on_terminal=False)
    for _ in range(10):
        beats_within(heartbeat, clock, 6.0)
        heartbeat.line("an event")
        beats_within(heartbeat, clock, 6.0)
        heartbeat.heard()
    assert capsys.readouterr().err.splitlines() == ["an event"] * 10


def test_on_a_terminal_one_line_is_drawn_again_and_gone_when_something_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    heartbeat = Heartbeat("stack batch", clock, on_terminal=True)
    beats_within(heartbeat, clock, 60.0)
    drawn = capsys.readouterr().err
    assert "\n" not in drawn
    assert drawn.count("still waiting for stack batch\r") == 120
    heartbeat.line("an event")
    assert capsys.readouterr().err == "\r\033[Kan event\n"


def test_a_line_that_is_longer_than_the_terminal_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    Heartbeat("x" * 500, Clock(), on_terminal=True).pulse()
    assert len(capsys.readouterr().err.removeprefix("\r\033[K").removesuffix("\r")) == 39


def test_the_thread_ends_with_its_block_however_that_ends() -> None:
    def alive() -> list[str]:
        return [each.name for each in threading.enumerate() if each.name == "heartbeat"]

    with pytest.raises(KeyboardInterrupt), Heartbeat("the end", on_terminal=False):
        assert alive() == ["heartbeat"]
        raise KeyboardInterrupt
    assert alive() == []


def test_of_two_around_one_another_the_inner_one_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Heartbeat("rendering", clock, on_terminal=False) as outer:
        with Heartbeat("installing", clock, on_terminal=False) as inner:
            clock.now += SILENCE
            outer.pulse()
            inner.pulse()
        assert capsys.readouterr().err.split()[1:] == ["still", "waiting", "for", "installing"]
        outer.pulse()
        assert capsys.readouterr().err == ""
        clock.now += SILENCE
        outer.pulse()
        assert "rendering" in capsys.readouterr().err


def test_nothing_beats_while_a_person_thinks(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Heartbeat("make destroy", clock, on_terminal=False) as heartbeat:
        with hushed():
            beats_within(heartbeat, clock, 60.0)
        beats_within(heartbeat, clock, SILENCE - PULSE)
        assert capsys.readouterr().err == ""
        beats_within(heartbeat, clock, PULSE)
        assert "make destroy" in capsys.readouterr().err


def test_every_verb_beats_outside_its_steps_too() -> None:
    seen: list[str] = []

    def main(arguments: object) -> int:
        seen.extend(each.name for each in threading.enumerate() if each.name == "heartbeat")
        return 0

    assert run(main, []) == 0
    assert seen == ["heartbeat"]


def test_a_step_beats_and_names_what_it_waits_for_until_it_has_it() -> None:
    progress = Progress(colour=False)
    named = []
    with progress.step("Deploy"):
        named.append(progress._heartbeat and progress._heartbeat.subject)
        with pytest.raises(ValueError, match="x"), progress.awaiting("stack batch"):
            named.append(progress._heartbeat and progress._heartbeat.subject)
            raise ValueError("x")
        named.append(progress._heartbeat and progress._heartbeat.subject)
    assert named == ["Deploy", "stack batch", "Deploy"]
    assert progress._heartbeat is None
