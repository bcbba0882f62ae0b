"""Which calls a proof strikes, and when two end states are the same."""

from __future__ import annotations

from tests.prove.end_state import differences
from tests.prove.made_up import without_made_up
from tests.prove.proxy import Call, Fate
from tests.prove.tables import BEGIN, END, Row, table
from tests.prove.trials import kill_points
from tests.prove.wire import Wire


def call(number: int, operation: str, wire: Wire = Wire.JSON, resource: str = "") -> Call:
    return Call(number, "s3" if wire is Wire.S3 else "sagemaker", operation, resource, 1, wire)


def test_a_command_is_killed_before_each_call_and_after_each_that_changes_something() -> None:
    calls = (call(1, "DescribePipeline"), call(2, "CreateModelPackage"), call(3, "GET", Wire.S3, "/b/k"))
    points = kill_points((*calls, call(4, "PUT", Wire.S3, "/b/k")))
    assert points == [
        (1, Fate.KILLED_BEFORE),
        (2, Fate.KILLED_BEFORE),
        (2, Fate.KILLED_AFTER),
        (3, Fate.KILLED_BEFORE),
        (4, Fate.KILLED_BEFORE),
        (4, Fate.KILLED_AFTER),
    ]


def test_of_a_wait_two_looks_are_enough_and_a_change_is_never_left_out() -> None:
    looks = [call(number, "DescribePipelineExecution") for number in range(1, 9)]
    changes = [call(number, "UpdatePipeline") for number in range(9, 13)]
    points = kill_points((*looks, *changes))
    assert [number for number, _ in points] == [1, 2, *(n for each in changes for n in (each.number, each.number))]


def test_what_differs_between_undisturbed_runs_is_not_compared_and_all_else_is() -> None:
    undisturbed = [{"a": "1", "time": "x"}, {"a": "1", "time": "y"}]
    assert differences(undisturbed, {"a": "1", "time": "z"}) == []
    assert differences(undisturbed, {"a": "2", "time": "z"}) == ["a: '1' -> '2'"]
    assert differences(undisturbed, {"time": "z"}) == ["a: '1' -> 'nothing'"]
    assert differences(undisturbed, {"a": "1", "time": "z", "more": "3"}) == ["more: 'nothing' -> '3'"]


def test_names_and_times_that_are_made_up_are_taken_out_and_accounts_are_not() -> None:
    arn = "arn:aws:sagemaker:ap-southeast-2:550011223344:pipeline/harbour-berths-preprod/execution/32b6fnost1fs"
    assert without_made_up(arn) == arn.replace("32b6fnost1fs", "<id>")
    assert without_made_up("harbour-berths-preprod-Model-QNbJ0ruO4obC") == "harbour-berths-preprod-Model-<suffix>"
    assert without_made_up("at 2026-11-26T11:04:27+00:00, http://127.0.0.1:4566/q") == "at <time>, <endpoint>/q"


def test_a_table_counts() -> None:
    lines = table("Killed", ("command", "kill points"), [Row(("deploy",), 10, 9), Row(("promote",), 4, 4)])
    assert "| deploy | 9 of 10 |" in lines
    assert "**14 kill points: 13 of 14.**" in lines
    assert BEGIN != END
