"""The ledger's chain: whatever is changed, left out or put elsewhere is told by its entry's name; and who is live."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.ledger import (
    KINDS,
    LONGEST_TEXT,
    Entry,
    Event,
    Former,
    Head,
    chain_problems,
    former_release,
    head_of,
    ledger_lines,
    live_by,
    new_entry,
    number_of,
    read_entry,
    read_head,
)

EVA = "arn:aws:iam::012345670123:user/eva"
OTHER = "arn:aws:iam::012345670123:user/mallory"


def of(kind: Any, release: str | None = "r1", **more: Any) -> Event:
    """An event that is complete for its kind."""
    if kind == "verification":
        more.setdefault("passed", True)
    if kind in ("deployment", "rollback"):
        more.setdefault("parameters", {"ReleaseId": release})
    return Event(kind, release, **more)


def chain(*events: Event) -> tuple[dict[int, bytes], bytes | None]:
    """What the bucket holds once these have been recorded: the entries by number, and the head."""
    contents: dict[int, bytes] = {}
    head: Head | None = None
    for event in events:
        entry = new_entry(event, head, "prod", "berths", at="2026-11-26T01:00:00+00:00", by=EVA, where="laptop")
        contents[entry.number] = entry.written()
        head = head_of(entry, contents[entry.number])
    return contents, head.written() if head else None


def entries(*events: Event) -> list[Entry]:
    """Newest first."""
    found = [read_entry(each) for _, each in sorted(chain(*events)[0].items(), reverse=True)]
    assert all(isinstance(each, Entry) for each in found), found
    return [each for each in found if isinstance(each, Entry)]


def problems(contents: dict[int, bytes], head: bytes | None) -> list[str]:
    return chain_problems(contents, head, "prod", "berths")


EVENTS = st.lists(
    st.builds(of, st.sampled_from(KINDS), st.sampled_from(["r1", "r2"]), reason=st.text(max_size=30)),
    min_size=1,
    max_size=8,
)


@given(EVENTS)
def test_what_was_recorded_is_whole(events: list[Event]) -> None:
    contents, head = chain(*events)
    assert problems(contents, head) == []
    # A command that was cut off between an entry and the head leaves the head one behind.
    if len(events) > 1:
        _, earlier = chain(*events[:-1])
        assert problems(contents, earlier) == []


@given(EVENTS, st.data())
def test_each_way_to_spoil_an_entry_is_told_by_its_name(events: list[Event], data: st.DataObject) -> None:
    contents, head = chain(*events)
    number = data.draw(st.sampled_from(sorted(contents)))
    how = data.draw(st.sampled_from(["absent", "forged", "truncated", "renumbered", "foreign"]))
    if how == "absent":
        del contents[number]
    elif how == "truncated":
        contents[number] = contents[number][: data.draw(st.integers(0, len(contents[number]) - 3))]
    elif how == "renumbered":
        contents[number] = contents[number].replace(f'"number": {number}'.encode(), f'"number": {number + 1}'.encode())
    else:
        changed = {**json.loads(contents[number]), "by" if how == "forged" else "stage": OTHER}
        contents[number] = json.dumps(changed, indent=2, sort_keys=True).encode() + b"\n"
    told = problems(contents, head)
    assert any(f"{number:08d}" in each for each in told), told


@given(EVENTS.filter(lambda events: len(events) > 1), st.data())
def test_two_entries_in_each_other_s_place_are_told(events: list[Event], data: st.DataObject) -> None:
    contents, head = chain(*events)
    one, two = data.draw(st.lists(st.sampled_from(sorted(contents)), min_size=2, max_size=2, unique=True))
    contents[one], contents[two] = contents[two], contents[one]
    told = problems(contents, head)
    for number in (one, two):
        assert any(each.startswith(f"{number:08d}: it is entry") for each in told), told


@given(EVENTS)
def test_a_chain_that_was_cut_at_its_end_is_told_by_the_head(events: list[Event]) -> None:
    contents, head = chain(*events)
    last = max(contents)
    del contents[last]
    assert f"{last:08d}: it is absent" in problems(contents, head)


def test_a_head_that_is_lost_broken_or_far_behind_is_told() -> None:
    contents, _ = chain(*[of("repair")] * 4)
    assert problems(contents, None) == ["the head: it is absent, though there are entries"]
    assert any(each.startswith("the head: it is broken") for each in problems(contents, b"{"))
    _, far = chain(of("repair"))
    assert any("it names 00000001 as the last entry" in each for each in problems(contents, far))
    assert problems({}, None) == []
    assert read_head(None) is None


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("deployment", {"parameters": None}),
        ("deployment", {"release_id": None}),
        ("verification", {"passed": None}),
        ("repair", {"kind": "gossip"}),
        ("repair", {"number": 0}),
        ("repair", {"previous": "short"}),
        ("repair", {"colour": "red"}),
    ],
)
def test_an_entry_that_does_not_say_what_it_must_is_broken(kind: Any, change: dict[str, Any]) -> None:
    contents, _ = chain(of(kind))
    reading = read_entry(json.dumps({**json.loads(contents[1]), **change}).encode())
    assert isinstance(reading, str)
    assert "broken" in reading


R1 = (of("promotion"), of("deployment"), of("verification"))
R2 = (of("promotion", "r2"), of("deployment", "r2", from_release="r1"), of("verification", "r2"))


def back(to: str, abandoned: str) -> Event:
    return of("rollback", to, from_release=abandoned)


def target(*events: Event, wanted: str | None = None) -> str | None:
    found = former_release(iter(entries(*events)), wanted)
    return found.entry.release_id if isinstance(found, Former) else None


def test_going_back_is_to_what_passed_before_the_newest_though_that_is_half_deployed() -> None:
    assert target(*R1, *R2) == "r1"
    assert target(*R1, *R2[:2]) == "r1"
    assert target(*R1, *R2[:2], of("failure", "r2")) == "r1"
    assert target(*R1) is None
    assert target() is None
    failed = of("verification", "r2", passed=False)
    third = of("deployment", "r3", from_release="r2")
    assert target(*R1, *R2[:2], failed, third) == "r1"


def test_what_was_gone_back_from_is_not_gone_back_to_unless_it_was_deployed_again_or_is_named() -> None:
    assert target(*R1, *R2, back("r1", "r2")) is None
    assert target(*R1, *R2, back("r1", "r2"), wanted="r2") == "r2"
    assert target(*R1, *R2, back("r1", "r2"), *R2) == "r1"
    to_and_fro = (back("r1", "r2"), back("r2", "r1"))
    assert target(*R1, *R2, *to_and_fro, of("deployment", "r3", from_release="r2")) == "r2"
    third = (of("deployment", "r3"), of("verification", "r3"))
    assert target(*R1, *R2, *third, back("r2", "r3")) == "r1"


def test_a_named_release_that_has_not_passed_is_found_and_one_that_nobody_deployed_is_not() -> None:
    found = former_release(iter(entries(*R2[:2], *R1)), "r2")
    assert isinstance(found, Former)
    assert (found.passed, found.current) == (False, "r1")
    assert former_release(iter(entries(*R1)), "r9") == "the ledger knows no deployment of release r9"


def test_live_is_what_was_deployed_last_and_did_not_fail() -> None:
    def live(*events: Event) -> str | None:
        found = live_by(iter(entries(*events)))
        return found.release_id if found else None

    assert live(*R1, *R2) == "r2"
    assert live(*R1, *R2[:2], of("failure", "r2")) == "r1"
    assert live(*R1, *R2[:2], of("failure", "r2"), of("deployment", "r2")) == "r2"
    assert live(*R1, *R2, back("r1", "r2")) == "r1"
    assert live(*R1, of("destruction", None)) is None
    assert live() is None


def test_the_same_again_is_known_and_another_execution_s_is_not() -> None:
    (entry,) = entries(of("deployment", execution="e1"))
    assert of("deployment", execution="e1").same_as(entry)
    assert of("deployment", execution="e1", from_release="r1").same_as(entry)  # as a half changed stack shows it
    assert not of("deployment", execution="e2").same_as(entry)
    assert not of("deployment", execution="e1", parameters={"ReleaseId": "r2"}).same_as(entry)


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=3), st.sampled_from(KINDS))
def test_it_is_shown_in_eighty_columns_whatever_was_written(reason: str, details: list[str], kind: Any) -> None:
    lines = ledger_lines(entries(of(kind, "0123456789abcdef", from_release="f" * 16, reason=reason, details=details)))
    assert len(lines) == 2
    assert max(map(len, lines)) <= 80
    assert not any(character in line for line in lines for character in "\n\r\x1b\x0b\x0c")


def test_what_is_written_has_an_end() -> None:
    (entry,) = entries(of("repair", reason="a" * 5000, details=["b" * 5000] * 200))
    assert len(entry.reason or "") == LONGEST_TEXT
    assert max(map(len, entry.details)) == LONGEST_TEXT


@pytest.mark.parametrize(
    ("key", "number"),
    [("ledger/berths/00000012.json", 12), ("ledger/head-berths.json", None), ("ledger/berths/٠٠٠٠٠٠١٢.json", None)],
)
def test_which_entry_a_key_is(key: str, number: int | None) -> None:
    assert number_of(key) == number
