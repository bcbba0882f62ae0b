"""ARNs: what is one, what its parts are, and that it is written back as it was read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.arn import Arn, ArnError

_PART = st.text(st.characters(exclude_characters=":"), max_size=12)
_FILLED = st.text(st.characters(exclude_characters=":"), min_size=1, max_size=12)
_ARNS = st.builds(Arn, _FILLED, _FILLED, _PART, _PART, st.text(min_size=1, max_size=30))


@pytest.mark.parametrize(
    ("text", "expected", "name"),
    [
        (
            "arn:aws:sagemaker:eu-west-1:111111111111:pipeline/daily/execution/abc",
            Arn("aws", "sagemaker", "eu-west-1", "111111111111", "pipeline/daily/execution/abc"),
            "abc",
        ),
        ("arn:aws-cn:s3:::bucket/a:b", Arn("aws-cn", "s3", "", "", "bucket/a:b"), "b"),
        ("arn:aws:iam::111111111111:role/team/run", Arn("aws", "iam", "", "111111111111", "role/team/run"), "run"),
        (
            "arn:aws:sns:eu-west-1:111111111111:topic:0a1b",
            Arn("aws", "sns", "eu-west-1", "111111111111", "topic:0a1b"),
            "0a1b",
        ),
        ("arn:aws:sqs:eu-west-1:111111111111:queue", Arn("aws", "sqs", "eu-west-1", "111111111111", "queue"), "queue"),
    ],
)
def test_the_parts_of_an_arn(text: str, expected: Arn, name: str) -> None:
    assert Arn.parse(text) == expected
    assert Arn.parse(text).name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "arn",
        "daily",
        "arn:aws:sqs:eu-west-1:111111111111",
        "arn:aws:sqs:eu-west-1:111111111111:",
        "arn::sqs:eu-west-1:111111111111:queue",
        "arn:aws::eu-west-1:111111111111:queue",
        "urn:aws:sqs:eu-west-1:111111111111:queue",
        " arn:aws:sqs:eu-west-1:111111111111:queue",
    ],
)
def test_what_lacks_a_part_is_not_an_arn(text: str) -> None:
    with pytest.raises(ArnError, match="is not an ARN"):
        Arn.parse(text)


@given(_ARNS)
def test_an_arn_is_read_back_as_it_was_written(arn: Arn) -> None:
    assert Arn.parse(str(arn)) == arn


@given(st.text(max_size=60) | st.lists(_PART, max_size=8).map(lambda parts: ":".join(["arn", *parts])))
def test_any_text_is_an_arn_that_writes_the_same_text_or_is_refused(text: str) -> None:
    try:
        arn = Arn.parse(text)
    except ArnError:
        return
    assert str(arn) == text
