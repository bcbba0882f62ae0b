"""Whether a schedule is on: the file and the switch together, and a record that cannot be read is neither."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.schedule_switch import (
    Switch,
    read_switch,
    require_can_be_on,
    schedule_lines,
    schedule_state,
)
from scripts.errors import ReleaseError, SettingsError
from tests.unit.scripts.releases import SETTINGS

OFF = Switch("off", "2026-11-26T03:00:00+00:00", "arn:aws:iam::012345670123:user/ada", "bad input")
ON = replace(OFF, state="on")
FILE_ON = SETTINGS
FILE_OFF = FILE_ON.model_copy(update={"schedule_enabled": False})


def test_off_is_whatever_says_off() -> None:
    assert schedule_state(FILE_ON, None) == schedule_state(FILE_ON, ON) == "ENABLED"
    for file, switch in ((FILE_ON, OFF), (FILE_OFF, None), (FILE_OFF, ON), (FILE_OFF, OFF)):
        assert schedule_state(file, switch) == "DISABLED"


def test_why_it_is_off_is_told_with_when_by_whom_and_the_reason() -> None:
    assert schedule_lines(FILE_ON, "prod", ON) == []
    (line,) = schedule_lines(FILE_ON, "prod", OFF)
    for part in ("off since 2026-11-26T03:00", "user/ada", "bad input"):
        assert part in line
    assert "stages/prod.yml" in schedule_lines(FILE_OFF, "prod", OFF)[0]


def test_a_file_that_says_off_cannot_be_switched_on() -> None:
    require_can_be_on(FILE_ON, "prod")
    with pytest.raises(SettingsError) as refused:
        require_can_be_on(FILE_OFF, "prod")
    assert "stages/prod.yml" in str(refused.value.next_command)


@given(st.sampled_from(["on", "off"]), st.text(), st.text(), st.text())
def test_a_record_is_read_as_it_was_written(state: str, at: str, by: str, reason: str) -> None:
    switch = Switch(state, at, by, reason)  # type: ignore[arg-type]
    assert read_switch(switch.written(), "s3://b/k", "next") == switch


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"state": "on"}', b"\xff", b"[" * 100_000])
def test_a_record_that_cannot_be_read_is_an_error_and_not_on(content: bytes) -> None:
    with pytest.raises(ReleaseError) as refused:
        read_switch(content, "s3://b/k", "aws s3 rm s3://b/k")
    assert refused.value.next_command == "aws s3 rm s3://b/k"


def test_another_state_than_on_and_off_is_no_record() -> None:
    record = {**json.loads(OFF.written()), "state": "OFF"}
    with pytest.raises(ReleaseError):
        read_switch(json.dumps(record).encode(), "s3://b/k", "next")
    assert read_switch(None, "s3://b/k", "next") is None
