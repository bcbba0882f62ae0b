"""doctor's table."""

from __future__ import annotations

from scripts.decisions.readiness import Finding
from scripts.terminal.findings_table import findings_table


def test_words_are_wrapped_in_80_columns_and_a_command_stays_whole() -> None:
    command = "aws sns subscribe --protocol email --topic-arn arn:aws:sns:ap-southeast-2:550011223344:alarms   # long"
    long = "a sentence that says what was found and is longer than its column, as " + "arn:aws:iam::1:role/" + "x" * 60
    lines = findings_table([Finding("preprod", "topic", "wrong", long, command), Finding("dev", "builds", "ok", "six")])
    assert all(len(line) <= 80 for line in lines if "next:" not in line)
    assert f"next: {command}" in "\n".join(lines)
    assert "".join(long.split()) in "".join("".join(line[43:] for line in lines[2:]).split())
    assert lines[-1].split() == ["ok", "dev", "builds", "six"]
