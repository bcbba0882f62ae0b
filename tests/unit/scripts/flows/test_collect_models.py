"""Deleting replaced models: never the one that an execution uses, and never a reason to fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.flows.collect_models import MODEL, collect_models
from scripts.flows.stage_context import StageContext
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import Actor
from scripts.terminal.progress import Progress
from tests.unit.scripts.releases import NAMES, deployed_stack

LEFT = ["Model-3", "Model-2", "Model-1"]


class FakeContext:
    """A stage whose stack has left three models behind. ``refusal``: what DeleteModel answers."""

    names = NAMES

    def __init__(self, running: dict[str, str], refusal: tuple[str, str] | None = None) -> None:
        self.given, self.refusal = running, refusal
        self.deleted: list[str] = []
        self.stacks = self.pipelines = self
        self.reader = Account(SimpleNamespace(region_name="ap-southeast-2"), Actor("550011223344"), Counter())
        self.reader._clients["sagemaker"] = self

    def left_behind(self, stack_id: str, kind: str) -> list[str]:
        assert kind == MODEL
        return LEFT

    def running(self, pipeline: str, since: datetime) -> list[str]:
        return list(self.given)

    def parameters(self, arn: str) -> dict[str, str]:
        return {"ModelName": self.given[arn]}

    def get_paginator(self, operation: str) -> FakeContext:
        assert operation == "list_models"
        return self

    def paginate(self) -> Iterable[dict[str, Any]]:
        return ({"Models": [{"ModelName": name}]} for name in ("Model-4", *LEFT))

    def delete_model(self, **request: str) -> None:
        if self.refusal:
            code, message = self.refusal
            raise ClientError({"Error": {"Code": code, "Message": message}}, "DeleteModel")
        self.deleted.append(request["ModelName"])


def collected(context: FakeContext) -> list[str]:
    collect_models(cast(StageContext, context), context.reader, deployed_stack({}), Progress(colour=False))
    return context.deleted


def test_what_an_execution_uses_is_kept_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert collected(FakeContext({"arn:execution/7": "Model-1"})) == ["Model-2"]
    told = capsys.readouterr().err
    assert "deleted model Model-2" in told
    assert "kept model Model-1, which was replaced: execution arn:execution/7 still uses it" in told


def test_one_that_somebody_else_has_just_deleted_is_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    collected(FakeContext({}, ("ValidationException", 'Could not find model "Model-2"')))
    assert "could not be deleted" not in capsys.readouterr().err


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ValidationException"])
def test_a_deletion_that_is_refused_is_told_and_no_failure(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert collected(FakeContext({}, (code, "no"))) == []
    assert "models that were replaced could not be deleted, and stay for the next time" in capsys.readouterr().err
