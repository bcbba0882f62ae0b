"""Whether a repository's policy lets another account pull: yes or no only where it plainly says so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.image_access import PULLING, Repository, may_pull, pulling_statement, repository_of

STAGE, OTHER, REGION = "550011223344", "999999999999", "ap-southeast-2"
PULL = pulling_statement(STAGE, REGION)


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.aws_rule(
    "A repository in ECR is closed to other accounts until its policy lets them pull",
    page="https://docs.aws.amazon.com/en_us/AmazonECR/latest/userguide/repository-policy-examples.html",
)
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (None, "no"),
        (policy(), "no"),
        (policy(PULL), "yes"),
        (policy({**PULL, "Principal": {"AWS": [STAGE, OTHER]}}), "yes"),
        (policy({**PULL, "Principal": "*"}), "yes"),
        (policy({**PULL, "Action": "ecr:*"}), "yes"),
        (policy({**PULL, "Action": ["ecr:batch*", "ecr:Get*"]}), "yes"),
        (policy({**PULL, "Action": PULLING[0]}, {**PULL, "Action": list(PULLING[1:])}), "yes"),
        (policy({**PULL, "Action": list(PULLING[:2])}), "no"),
        (policy({**PULL, "Principal": {"AWS": OTHER}}), "no"),
        (policy({**PULL, "Principal": {"AWS": f"arn:aws:iam::{STAGE}:role/one"}}), "no"),
        (policy({**PULL, "Principal": {"Service": "sagemaker.amazonaws.com"}}), "no"),
        (policy({**PULL, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}), "unknown"),
        (policy(PULL, {**PULL, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}), "yes"),
        (policy(PULL, {**PULL, "Effect": "Deny"}), "unknown"),
        ("no json", "unknown"),
    ],
)
def test_a_policy_is_judged_by_what_is_plain(text: str | None, answer: str) -> None:
    assert may_pull(text, STAGE) == answer


def test_the_statement_that_is_told_is_enough_in_every_partition() -> None:
    for region in ("ap-southeast-2", "cn-north-1", "us-gov-west-1"):
        assert may_pull(policy(pulling_statement(STAGE, region)), STAGE) == "yes"
    assert pulling_statement(STAGE, "cn-north-1")["Principal"] == {"AWS": f"arn:aws-cn:iam::{STAGE}:root"}


def test_where_an_image_lies() -> None:
    image = "012345670123.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk/team/model:1"
    assert repository_of(image) == Repository("012345670123", "eu-isoe-west-1", "team/model")
    assert repository_of("docker.io/library/python:3") is None


@given(
    st.recursive(st.none() | st.booleans() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part))
)
def test_whatever_a_policy_says_it_is_judged(document: Any) -> None:
    assert may_pull(json.dumps(document), STAGE) in ("yes", "no", "unknown")
    assert may_pull(json.dumps({"Statement": document}), STAGE) in ("yes", "no", "unknown")
