"""Whether a role may make its calls: simulated where IAM lets us, else read, else unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.decisions.actors import Actor, Use
from scripts.decisions.readiness import Outcome
from scripts.flows.permission_checks import check_actor
from scripts.gateways.aws_errors import Actor as Caller

ROLE = "arn:aws:iam::550011223344:role/harbour-preprod-reader"
ACTOR = Actor("reader", ROLE, (Use(("s3:GetObject", "s3:ListBucket"), ("arn:aws:s3:::b",), {"s3:prefix": "in/"}),))
ALLOWING = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}


class Iam:
    """IAM as its client is used here. ``simulate`` answers for an action, or refuses by a code."""

    def __init__(self, simulate: Callable[[str], dict[str, Any]] | str, document: dict[str, Any] | str) -> None:
        self._simulate = simulate
        self._document = document
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, name: str) -> Iam:
        self._page = name
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        if self._page == "list_role_policies":
            yield {"PolicyNames": ["held"]}
        elif self._page == "list_attached_role_policies":
            yield {"AttachedPolicies": []}
        else:
            self.asked.append(request)
            if isinstance(self._simulate, str):
                raise refusal(self._simulate, "SimulatePrincipalPolicy")
            results = [{"EvalActionName": each, **self._simulate(each)} for each in request["ActionNames"]]
            yield {"EvaluationResults": results}

    def get_role(self, **_: Any) -> dict[str, Any]:
        if isinstance(self._document, str):
            raise refusal(self._document, "GetRole")
        return {"Role": {"AssumeRolePolicyDocument": {}}}

    def get_role_policy(self, **_: Any) -> dict[str, Any]:
        return {"PolicyDocument": self._document}


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


class FakeAccount:
    region = "ap-southeast-2"

    def __init__(self, iam: Iam) -> None:
        self.actor = Caller("550011223344", "arn:aws:iam::550011223344:role/doctor")
        self._iam = iam

    def client(self, service: str) -> Iam:
        assert service == "iam"
        return self._iam


def checked(
    simulate: Callable[[str], dict[str, Any]] | str, document: dict[str, Any] | str = "AccessDenied"
) -> Outcome:
    return check_actor(FakeAccount(Iam(simulate, document)), ACTOR)  # type: ignore[arg-type]


def answering(decision: str, **more: Any) -> Callable[[str], dict[str, Any]]:
    return lambda action: {"EvalDecision": decision, **more}


def test_the_simulation_is_told_the_calls_keys_and_the_requests_own() -> None:
    iam = Iam(answering("allowed"), "AccessDenied")
    assert check_actor(FakeAccount(iam), ACTOR) == Outcome("ok", "2 calls simulated")  # type: ignore[arg-type]
    (asked,) = iam.asked
    assert asked["PolicySourceArn"] == ROLE
    told = {each["ContextKeyName"]: each["ContextKeyValues"] for each in asked["ContextEntries"]}
    assert told["s3:prefix"] == ["in/"]
    assert told["aws:PrincipalArn"] == [ROLE]


@pytest.mark.parametrize(
    ("simulate", "document", "status", "word"),
    [
        (answering("implicitDeny"), "AccessDenied", "wrong", "no policy allows it"),
        (answering("explicitDeny"), "AccessDenied", "wrong", "a policy denies it"),
        (
            answering("implicitDeny", PermissionsBoundaryDecisionDetail={"AllowedByPermissionsBoundary": False}),
            "AccessDenied",
            "wrong",
            "boundary",
        ),
        (
            answering("implicitDeny", OrganizationsDecisionDetail={"AllowedByOrganizations": False}),
            "AccessDenied",
            "wrong",
            "organization",
        ),
        (answering("implicitDeny", MissingContextValues=["a:b"]), "AccessDenied", "unknown", "may depend on a:b"),
        (answering("implicitDeny", MissingContextValues=["a:b"]), ALLOWING, "ok", "by reading|read, not simulated"),
        ("AccessDenied", ALLOWING, "ok", "2 calls read, not simulated"),
        ("AccessDenied", {"Statement": []}, "wrong", "nothing allows s3:GetObject"),
        ("AccessDenied", "AccessDenied", "unknown", "neither simulated nor read"),
        ("NoSuchEntity", "NoSuchEntity", "wrong", "has no role harbour-preprod-reader"),
        ("AccessDenied", "NoSuchEntity", "wrong", "has no role harbour-preprod-reader"),
    ],
)
def test_what_iam_answers_becomes_ok_wrong_or_unknown(
    simulate: Callable[[str], dict[str, Any]] | str, document: dict[str, Any] | str, status: str, word: str
) -> None:
    outcome = checked(simulate, document)
    assert outcome.status == status, outcome
    assert any(each in outcome.found for each in word.split("|")), outcome
    assert bool(outcome.next_command) == (status != "ok")


def test_a_resources_own_decision_counts_before_the_actions() -> None:
    """The action's is over all resources and may name none of them."""
    own = [{"EvalResourceName": "arn:aws:s3:::b", "EvalResourceDecision": "implicitDeny"}]
    assert checked(answering("allowed", ResourceSpecificResults=own)).status == "wrong"


def test_a_role_whose_name_nobody_tells_is_unknown() -> None:
    nameless = Actor("trigger", "arn:aws:iam::550011223344:role/*", ())
    account: Any = FakeAccount(Iam("AccessDenied", "AccessDenied"))
    assert check_actor(account, nameless).status == "unknown"
