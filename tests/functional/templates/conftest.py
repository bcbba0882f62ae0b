"""Stacks made from this repository's templates on the embedded AWS, which asks IAM before every call here: what a role
of the templates lacks, fails a test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.server_process import ServerProcess

ROOT = Path(__file__).parents[3]
DEADLINE = 60.0


class Stacks:
    """Deploys the repository's templates with one CloudFormation client, and waits with a deadline."""

    def __init__(self, cloudformation: Any, role_arn: str | None = None) -> None:
        self._cloudformation = cloudformation
        self._role = {"RoleARN": role_arn} if role_arn else {}

    def deploy(self, stack: str, template: str, parameters: dict[str, str], kind: str = "CREATE") -> dict[str, str]:
        """The stack's outputs once its change set has been executed; fails with the reasons where it is not."""
        text = (ROOT / "cloudformation" / template).read_text()
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        change_set = {"StackName": stack, "ChangeSetName": "test"}
        self._cloudformation.create_change_set(
            **change_set,
            ChangeSetType=kind,
            TemplateBody=text,
            Parameters=given,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **self._role,
        )
        made = self._poll(
            lambda: self._cloudformation.describe_change_set(**change_set),
            lambda answer: answer["Status"] in ("CREATE_COMPLETE", "FAILED"),
        )
        assert made["Status"] == "CREATE_COMPLETE", made.get("StatusReason")
        self._cloudformation.execute_change_set(**change_set)
        described = self._poll(
            lambda: self._cloudformation.describe_stacks(StackName=stack)["Stacks"][0],
            lambda answer: (
                answer["StackStatus"].endswith(("_COMPLETE", "_FAILED"))
                and answer["StackStatus"] != "REVIEW_IN_PROGRESS"
            ),
        )
        assert described["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), self.reasons(stack)
        return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}

    def delete(self, stack: str) -> None:
        stack_id = self._cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
        self._cloudformation.delete_stack(StackName=stack)
        deleted = self._poll(
            lambda: self._cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0],
            lambda answer: answer["StackStatus"] in ("DELETE_COMPLETE", "DELETE_FAILED"),
        )
        assert deleted["StackStatus"] == "DELETE_COMPLETE", self.reasons(stack_id)

    def reasons(self, stack: str) -> list[str]:
        events = self._cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        return [
            f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}"
            for each in events
            if each.get("ResourceStatusReason")
        ]

    @staticmethod
    def _poll(read: Callable[[], dict[str, Any]], done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        end = time.monotonic() + DEADLINE
        while not done(answer := read()):
            assert time.monotonic() < end, answer
            time.sleep(0.05)
        return answer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path_factory.mktemp("aws"), [DEV, PREPROD, PROD], REGION, "--enforce-iam")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client(server: ServerProcess) -> Callable[..., Any]:
    """As the clients of all functional tests, but of this folder's server: pytest keeps the other one for a session."""

    def make(service: str, account: str = DEV, **keys: str) -> Any:
        return server.client(
            service, account, **{"aws_access_key_id": account, "aws_secret_access_key": "local", **keys}
        )

    return make
