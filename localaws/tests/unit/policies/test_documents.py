"""What is not a policy of its kind is refused when it is read, and never allows anything where it was kept before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.policies.document import Kind, read
from localaws.policies.errors import PolicyError
from localaws.policies.evaluation import Policies, Query, decide
from localaws.policies.operators import OPERATORS
from tests.unit.policies.guide import (
    ACTION,
    CONDITION,
    EFFECT,
    EVERYBODY,
    GRAMMAR,
    NOT_PRINCIPAL,
    PRINCIPAL,
    RESOURCE,
    USER,
    VERSION,
    allow,
    deny,
    policy,
    without,
)
from tests.unit.policies.guide import (
    OPERATORS as PAGE,
)

TRUST = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}


def asking(operator: str, values: Any = "a", key: str = "aws:x") -> dict[str, Any]:
    return policy(allow(Condition={operator: {key: values}}))


ROWS: list[tuple[str, Kind, Any, str]] = [
    (GRAMMAR, "identity", [], "must be a JSON object"),
    (GRAMMAR, "identity", {"Version": "2012-10-17"}, "has no Statement"),
    (GRAMMAR, "identity", policy(), "has no Statement"),
    (GRAMMAR, "identity", {**policy(allow()), "Statements": []}, "unknown element Statements"),
    (GRAMMAR, "identity", policy({**allow(), "Efect": "Deny"}), "unknown element Efect"),
    (VERSION, "identity", policy(allow(), version="2012-10-18"), "does not exist"),
    (EFFECT, "identity", policy({**allow(), "Effect": "allow"}), "must be Allow or Deny"),
    (EFFECT, "identity", policy(without(allow(), "Effect")), "must be Allow or Deny"),
    (ACTION, "identity", policy(without(allow(), "Action")), "must contain Action or NotAction"),
    (ACTION, "identity", policy({**allow(), "NotAction": "a:b"}), "both Action and NotAction"),
    (ACTION, "identity", policy(allow("GetObject")), "must be * or service:name"),
    (ACTION, "identity", policy(allow([])), "a list of strings"),
    (RESOURCE, "identity", policy(without(allow(), "Resource")), "must contain Resource or NotResource"),
    (RESOURCE, "identity", policy({**allow(), "NotResource": "*"}), "both Resource and NotResource"),
    (RESOURCE, "trust", policy({**TRUST, "Resource": "*"}), "prohibited field Resource"),
    (PRINCIPAL, "identity", policy(allow(**EVERYBODY)), "must not contain Principal"),
    (PRINCIPAL, "resource", policy(allow()), "either Principal or NotPrincipal"),
    (PRINCIPAL, "resource", policy(allow(Principal={"AWS": "arn:aws:iam::111111111111:role/*"})), "Invalid principal"),
    (PRINCIPAL, "resource", policy(allow(Principal={"Service": "*"})), "Invalid principal"),
    (PRINCIPAL, "resource", policy(allow(Principal="111111111111")), "Principal of statement 1 must be"),
    (PRINCIPAL, "resource", policy(allow(Principal={"Aws": "*"})), "unknown element Aws"),
    (PRINCIPAL, "resource", policy(allow(Principal={"CanonicalUser": "79a5"})), "does not evaluate"),
    (NOT_PRINCIPAL, "resource", policy(allow(NotPrincipal={"AWS": "111111111111"})), "not supported"),
    (PRINCIPAL, "trust", policy(without(TRUST, "Principal")), "either Principal or NotPrincipal"),
    (PRINCIPAL, "trust", policy({**TRUST, "Action": "lambda:InvokeFunction"}), "only sts actions"),
    (CONDITION, "identity", policy(allow(Condition=[])), "must be an object"),
    (CONDITION, "identity", policy(allow(Condition={"StringEquals": "a"})), "an object of condition keys"),
    (CONDITION, "identity", asking("StringEquals", []), "a list of strings"),
    (CONDITION, "identity", asking("StringEquals", {"a": "b"}), "a list of strings"),
    (PAGE, "identity", asking("StringMatches"), "does not exist"),
    (PAGE, "identity", asking("stringequals"), "does not exist"),
    (PAGE, "identity", asking("NullIfExists", "true"), "does not exist"),
    (PAGE, "identity", asking("ForSomeValues:StringEquals"), "does not exist"),
    (PAGE, "identity", asking("StringEqualsIfexists"), "does not exist"),
    (PAGE, "identity", asking("NumericLessThan", "many"), "cannot be compared"),
    (PAGE, "identity", asking("NumericEquals", "NaN"), "cannot be compared"),
    (PAGE, "identity", asking("DateLessThan", "tomorrow"), "cannot be compared"),
    (PAGE, "identity", asking("Bool", "yes"), "cannot be compared"),
    (PAGE, "identity", asking("Null", "maybe"), "cannot be compared"),
    (PAGE, "identity", asking("IpAddress", "10.0.0.0/40"), "cannot be compared"),
    (PAGE, "identity", asking("BinaryEquals", "%"), "cannot be compared"),
]  # fmt: skip


@pytest.mark.aws_rule(
    "A policy has the elements of the policy grammar and no others",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
)
@pytest.mark.parametrize(("page", "kind", "document", "problem"), ROWS)
def test_what_is_not_a_policy_is_refused(page: str, kind: Kind, document: Any, problem: str) -> None:
    with pytest.raises(PolicyError, match=r".") as refused:
        read(document, kind)
    assert problem in str(refused.value), page
    with pytest.raises(PolicyError):
        read(json.dumps(document), kind)


@pytest.mark.aws_rule(
    "A policy has the elements of the policy grammar and no others",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
)
def test_an_element_that_occurs_twice_is_refused() -> None:
    twice = (
        '{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:x": "true"}}, "Condition": {}}'
    )
    with pytest.raises(PolicyError, match="Condition occurs twice"):
        read(f'{{"Statement": [{twice}]}}', "identity")


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(PolicyError, match="not JSON"):
        read("{", "identity")


@pytest.mark.aws_rule(
    "Each condition operator compares as documented; with IfExists an absent key holds, a negated operator holds for "
    "an absent key",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
)
@pytest.mark.parametrize("operator", sorted(OPERATORS))
@pytest.mark.parametrize("form", ["{}", "{}IfExists", "ForAllValues:{}", "ForAnyValue:{}IfExists"])
def test_every_operator_of_the_guide_is_there_in_each_form(operator: str, form: str) -> None:
    value = {"N": "1", "D": "2030-01-01", "B": "true", "I": "10.0.0.0/8"}.get(operator[:1], "a")
    value = {"BinaryEquals": "QQ==", "NotIpAddress": "10.0.0.0/8"}.get(operator, value)
    (test,) = read(asking(form.format(operator), value), "identity").statements[0].conditions
    assert test.operator is OPERATORS[operator]


@pytest.mark.parametrize("statement", [allow(Condition={"StringMatches": {"aws:x": "a"}}), {**deny(), "If": "x"}])
def test_a_policy_that_cannot_be_evaluated_refuses_whatever_the_others_allow(statement: Any) -> None:
    policies = Policies([policy(allow("*")), policy(statement)])
    decision = decide(Query("s3:GetObject", "*"), USER, policies)
    assert not decision.allowed
    assert "cannot be evaluated: " in decision.reason


@pytest.mark.parametrize("value", [["s3:GetObject"], "s3:GetObject"])
def test_a_list_of_one_may_be_written_without_its_brackets(value: Any) -> None:
    assert read({"Statement": allow(value)}, "identity").statements[0].actions.values == ("s3:GetObject",)
