"""Upserting, starting and following, with a client that is a fake of SageMaker's."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.get_pipeline_definition import PipelineModuleError
from pipelines.run_pipeline import follow, main, parse_tags, start, upsert

ARN = "arn:aws:sagemaker:ap-southeast-2:012345670123:pipeline/p"


class NotFoundError(Exception):
    pass


class FakeSageMaker:
    """Keeps one pipeline; an execution goes through the given statuses, one a poll."""

    class exceptions:  # noqa: N801 (boto3's own name)
        ResourceNotFound = NotFoundError

    def __init__(self, exists: bool = False, statuses: tuple[str, ...] = ("Succeeded",)) -> None:
        self.exists, self.statuses, self.calls = exists, list(statuses), list[tuple[str, Any]]()

    def describe_pipeline(self, **request: Any) -> None:
        if not self.exists:
            raise NotFoundError

    def create_pipeline(self, **request: Any) -> dict[str, str]:
        return self._note("create", request, {"PipelineArn": ARN})

    def update_pipeline(self, **request: Any) -> dict[str, str]:
        return self._note("update", request, {"PipelineArn": ARN})

    def add_tags(self, **request: Any) -> dict[str, str]:
        return self._note("tag", request, {})

    def start_pipeline_execution(self, **request: Any) -> dict[str, str]:
        return self._note("start", request, {"PipelineExecutionArn": f"{ARN}/execution/e"})

    def describe_pipeline_execution(self, **request: Any) -> dict[str, str]:
        return {"PipelineExecutionStatus": self.statuses[0], "FailureReason": "step A failed"}

    def get_paginator(self, name: str) -> FakeSageMaker:
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        status = self.statuses.pop(0)
        return [{"PipelineExecutionSteps": [{"StepName": "A", "StepStatus": status}]}]

    def _note(self, name: str, request: Any, answer: dict[str, str]) -> dict[str, str]:
        self.calls.append((name, request))
        return answer


def test_a_new_pipeline_is_created_with_its_tags() -> None:
    client = FakeSageMaker()
    assert upsert(client, "p", {"Steps": []}, "role", [{"Key": "a", "Value": "b"}], "why") == ARN
    (name, request), *others = client.calls
    assert (name, others) == ("create", [])
    assert request["Tags"] == [{"Key": "a", "Value": "b"}]
    assert request["PipelineDescription"] == "why"


def test_an_existing_pipeline_is_updated_and_tagged() -> None:
    client = FakeSageMaker(exists=True)
    upsert(client, "p", {"Steps": []}, "role", [{"Key": "a", "Value": "b"}], "")
    assert [name for name, _ in client.calls] == ["update", "tag"]


def test_parameters_of_the_execution_are_passed_on() -> None:
    client = FakeSageMaker()
    start(client, "p", {"ModelName": "m", "Count": "2"})
    assert client.calls[0][1]["PipelineParameters"] == [
        {"Name": "Count", "Value": "2"},
        {"Name": "ModelName", "Value": "m"},
    ]


def test_each_change_of_a_step_is_told_once_and_the_end_with_its_reason() -> None:
    client = FakeSageMaker(statuses=("Executing", "Executing", "Failed"))
    told: list[str] = []
    pauses: list[float] = []
    assert follow(client, ARN, told.append, pauses.append) == "Failed"
    assert told == ["  A: Executing", "  A: Failed", "Failed: step A failed"]
    assert len(pauses) == 2


@pytest.mark.parametrize(
    "text", ['{"team": "x"}', '[{"Key": "team", "Value": "x"}]', "[{'Key': 'team', 'Value': 'x'}]"]
)
def test_tags_are_a_dict_or_what_aws_takes(text: str) -> None:
    assert parse_tags(text) == [{"Key": "team", "Value": "x"}]


def test_other_tags_are_refused() -> None:
    with pytest.raises(PipelineModuleError):
        parse_tags('[{"Name": "x"}]')


def test_module_and_role_are_required() -> None:
    assert main(["-n", "pipelines.any.pipeline"]) == 2
