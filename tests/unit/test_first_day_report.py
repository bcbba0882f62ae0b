"""The report of the first day on AWS can be pasted anywhere: what identifies an account or opens it is not in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.aws.checklist import exit_code
from tests.aws.cost import cost_lines
from tests.aws.report import Taken, error_codes, masked, page

NAMES = {"111122223333": "<dev>", "444455556666": "<preprod>"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arn:aws:iam::111122223333:role/day-build", "arn:aws:iam::<dev>:role/day-build"),
        ("s3://day-preprod-444455556666-ap-southeast-2/x", "s3://day-preprod-<preprod>-ap-southeast-2/x"),
        ("account 777788889999 has none", "account <account> has none"),
        ("as AKIAIOSFODNN7EXAMPLE", "as <access key>"),
        ("told ann.b+c@team.example.com", "told <mail>"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Signature=abc&x=1", "https://b.s3.amazonaws.com/k?<signed>"),
        ("key/1234abcd-12ab-34cd-56ef-1234567890ab", "key/<id>"),
        ("secret s3cr3t-of-dev here", "secret <secret> here"),
        ("token " + "aB3/" * 60, "token <long>"),
        ("release 5750b0e1ae6e0bd6, sha256 " + "a" * 64, "release 5750b0e1ae6e0bd6, sha256 " + "a" * 64),
    ],
)
def test_numbers_keys_addresses_and_secrets_are_masked(text: str, expected: str) -> None:
    assert masked(text, NAMES, ["s3cr3t-of-dev"]) == expected


@given(st.text(), st.text(), st.integers(min_value=10**11, max_value=10**12 - 1))
def test_no_account_number_is_left_wherever_it_stands(before: str, after: str, number: int) -> None:
    account = str(number)
    assert account not in masked(f"{before}{account}{after}", {account: "<dev>"})


def test_codes_of_errors_are_found_in_whatever_told_them() -> None:
    output = """AWS call failed: CreatePipeline failed: ValidationException: no
An error occurred (AccessDenied) when calling the GetRole operation
Access denied: PutObject is denied in account <dev>
CREATE_FAILED (Service: KMS, Status Code: 400; Error Code: LimitExceededException; Request ID: 1)"""
    assert error_codes(output) == [
        "ValidationException",
        "AccessDenied",
        "AccessDenied of PutObject",
        "LimitExceededException",
    ]


def test_a_page_has_a_row_for_every_step_and_says_what_remains() -> None:
    steps = [
        Taken(
            "deploy", "make deploy", "failed", "10:00:00", 61.4, "PutRule failed: Throttling: slow|er", "exit code 16"
        ),
        Taken("approve", "make approve", "skipped"),
    ]
    text = page({"commit": "abc"}, steps, ["key <id> until 2030-01-01"])
    assert "| 1 | deploy | failed | 61 | 10:00:00 | Throttling |" in text
    assert "| 2 | approve | skipped |" in text
    assert "- steps: 1 failed, 1 skipped" in text
    assert "exit code 16" in text
    assert text.endswith("- key <id> until 2030-01-01\n")


def test_makes_own_exit_code_is_not_the_verbs() -> None:
    assert exit_code(2, "x\nmake: *** [Makefile:151: doctor] Error 20\n") == 20
    assert exit_code(0, "") == 0
    assert exit_code(-15, "") == -15


def test_the_cost_says_which_part_has_no_price() -> None:
    priced = cost_lines({"dollars_per_hour": {"ml.m5.large": 0.1}, "as_of": "then"}, "ml.m5.large")
    assert any("on ml.m5.large: $0.20" in line for line in priced)
    unpriced = cost_lines({"dollars_per_hour": {}, "as_of": "then"}, "ml.m5.large")
    assert any("unknown: prices.yml has no ml.m5.large" in line for line in unpriced)
    assert "without the jobs" in unpriced[-1]
