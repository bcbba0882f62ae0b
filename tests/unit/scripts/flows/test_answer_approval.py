"""The approval that waits, what its approver reads, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from scripts.errors import ApprovalError
from scripts.flows.answer_approval import answer, open_question
from scripts.flows.toolchain_context import ToolchainContext
from scripts.gateways.codepipelines import CodePipelines

URL = "https://ap-southeast-2.console.aws.amazon.com/s3/object/ours?prefix=evidence/e-1.html"


@dataclass
class FakeCodePipelines:
    waits: bool = True
    url: str | None = URL
    name: str = "ours"
    answered: list[tuple[str, ...]] = field(default_factory=list)

    def command(self, target: str, arguments: str = "") -> str:
        return f"make {target} PIPELINE=churn ARGS={arguments}"

    def structure(self) -> dict[str, Any]:
        configuration = {"CustomData": "#{plan.SUMMARY}", **({"ExternalEntityLink": self.url} if self.url else {})}
        approval = {"name": "Ask", "actionTypeId": {"category": "Approval"}, "configuration": configuration}
        return {"stages": [{"name": "ApproveProd", "actions": [approval]}]}

    def state(self) -> dict[str, Any]:
        latest = {"status": "InProgress", "token": "t"} if self.waits else {"status": "Succeeded"}
        stage = {
            "stageName": "ApproveProd",
            "latestExecution": {"pipelineExecutionId": "e-1"},
            "actionStates": [{"actionName": "Ask", "latestExecution": latest}],
        }
        return {"stageStates": [stage]}

    def actions(self, execution_id: str) -> list[dict[str, Any]]:
        resolved = {"resolvedConfiguration": {"CustomData": "changes the model"}}
        return [{"stageName": "ApproveProd", "actionName": "Ask", "input": resolved}]

    def answer(self, *given: str) -> None:
        self.answered.append(given)


@dataclass
class FakeContext:
    objects: dict[str, str]
    pipeline: str = "churn"
    approved_stage: str = "prod"

    def read_object(self, bucket: str, key: str) -> str | None:
        return self.objects.get(f"{bucket}/{key}")


def opened(codepipeline: FakeCodePipelines, objects: dict[str, str] | None = None) -> list[str]:
    context = cast(ToolchainContext, FakeContext(objects or {}))
    return open_question(context, cast(CodePipelines, codepipeline)).lines


def test_the_evidence_is_shown_and_its_page_is_put_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stored = {"ours/evidence/e-1.html": "<p>page</p>", "ours/evidence/e-1.html.txt": "one\ntwo"}
    lines = opened(FakeCodePipelines(), stored)
    assert lines[:4] == ["Execution e-1, ApproveProd / Ask", "  changes the model", "  one", "  two"]
    assert "build/evidence-churn-prod.html" in lines[4]
    assert Path("build/evidence-churn-prod.html").read_text() == "<p>page</p>"


def test_evidence_that_is_gone_is_told_and_another_link_is_shown_as_it_is() -> None:
    assert "not found: s3://ours/evidence/e-1.html" in opened(FakeCodePipelines())[-1]
    assert opened(FakeCodePipelines(url="https://example.com/x"))[-1] == "  evidence: https://example.com/x"
    assert opened(FakeCodePipelines(url=None))[1:] == ["  changes the model"]


def test_where_nothing_waits_nothing_is_answered() -> None:
    with pytest.raises(ApprovalError, match="no approval of ours is waiting") as refused:
        opened(FakeCodePipelines(waits=False))
    assert refused.value.next_command == "make codepipeline PIPELINE=churn ARGS=--newest"


def test_the_answer_goes_to_the_approval_that_was_shown() -> None:
    fake = FakeCodePipelines(url=None)
    codepipeline = cast(CodePipelines, fake)
    question = open_question(cast(ToolchainContext, FakeContext({})), codepipeline)
    answer(codepipeline, question, "Rejected", "too few rows")
    assert fake.answered == [("ApproveProd", "Ask", "t", "Rejected", "too few rows")]
