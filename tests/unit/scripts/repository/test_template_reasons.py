"""A wildcard in a policy, and a suppressed rule, carry their reason on the line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts.repository.template_reasons import missing_reasons

_POLICY = """\
Resources:
  Role:
    Properties:
      Description: not * a policy
      PolicyDocument:
        Statement:
          - Sid: Read
            Action: [s3:GetObject]
            Resource: {resource}
      Name: after*wards
"""


def test_a_wildcard_without_a_comment_is_found_with_its_line() -> None:
    found = missing_reasons("t.yml", _POLICY.format(resource='"arn:aws:s3:::b/*"'))
    assert [(each.rule, each.line) for each in found] == [("WILDCARD_HAS_REASON", 9)]


def test_a_wildcard_with_a_comment_is_fine() -> None:
    assert missing_reasons("t.yml", _POLICY.format(resource='"*" # the key itself')) == []


def test_an_empty_comment_is_no_reason() -> None:
    assert len(missing_reasons("t.yml", _POLICY.format(resource='"*" #'))) == 1


def test_a_number_sign_inside_quotes_is_no_comment() -> None:
    assert len(missing_reasons("t.yml", _POLICY.format(resource='"a # b *"'))) == 1


def test_stars_outside_policies_need_no_reason() -> None:
    assert missing_reasons("t.yml", "Parameters:\n  Name:\n    AllowedPattern: ^[a-z]*$\n") == []


def test_a_policy_on_one_line_is_looked_at_too() -> None:
    line = 'PolicyDocument: { Statement: [{ Action: "s3:*" }] }'
    assert [each.rule for each in missing_reasons("t.yml", line)] == ["WILDCARD_HAS_REASON"]
    assert missing_reasons("t.yml", f"{line} # the reason\nNext: a*\n") == []


def test_a_suppression_needs_a_reason() -> None:
    lines = "Metadata:\n  cfn-lint: { config: { ignore_checks: [W1] } }\n  guard: { SuppressedRules: [A] } # because\n"
    assert [each.line for each in missing_reasons("t.yml", lines)] == [2]


@given(st.text())
def test_any_text_is_looked_through_without_an_error(text: str) -> None:
    missing_reasons("t.yml", text)
