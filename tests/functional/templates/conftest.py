"""Stacks made from this repository's templates on the embedded AWS, which asks IAM before every call here: what a role
of the templates lacks, fails a test."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.server_process import ServerProcess

ROOT = Path(__file__).parents[3]
DEADLINE = 60.0
PROJECT = "stackproject"
STAGES = {"preprod": PREPROD, "prod": PROD}
BY_HAND = {"preprod": "allowed", "prod": "break-glass"}
GLASS_BREAKER = f"arn:aws:iam::{DEV}:role/on-call/engineer"  # who may deploy prod by hand

Client = Callable[..., Any]
ActAs = Callable[[str], Client]


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
        return server.client(service, account, **keys)

    return make


@pytest.fixture(scope="session")
def foundations(client: Client) -> dict[str, dict[str, str]]:
    """The outputs of each stage's foundation and roles: preprod is deployed by hand too, prod in an emergency alone."""
    return {stage: _foundation(client, stage) for stage in STAGES}


def _foundation(client: Client, stage: str) -> dict[str, str]:
    account = STAGES[stage]
    stacks = Stacks(client("cloudformation", account=account))
    group = [
        f"arn:aws:sagemaker:{REGION}:{account}:{name}"
        for name in ("model-package-group/stack-group", "model-package/stack-group/*")
    ]
    shared = {
        "SageMakerProjectName": PROJECT,
        "Environment": stage,
        "ModelPackageArns": ",".join(group),
        "DevAccountId": DEV,
        "DeployedByHand": BY_HAND[stage],
        "BreakGlassPrincipalArns": GLASS_BREAKER if stage == "prod" else "",
    }
    own = {"SageMakerProjectId": "p-stackproject", "NotificationEmail": "team@example.com"}
    made = stacks.deploy(f"{PROJECT}-foundation-{stage}", "foundation.yml", {**shared, **own})
    return {**made, **stacks.deploy(f"{PROJECT}-roles-{stage}", "roles.yml", shared)}


@pytest.fixture(scope="session")
def act_as(client: Client, foundations: dict[str, dict[str, str]]) -> ActAs:
    """Clients of preprod with the session of a role there, by the output that names it, which a person assumed."""

    def clients(output: str) -> Client:
        return assumed(client, client("sts"), foundations["preprod"][output])

    return clients


def assumed(client: Client, sts: Any, role_arn: str) -> Client:
    """Clients with the session of a role, assumed by whose STS client it is."""
    keys = sts.assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
    options = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    return functools.cache(lambda service: client(service, **options))  # making a client takes longer than an answer
