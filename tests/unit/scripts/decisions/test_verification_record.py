"""Records of verifications: what they vouch for, and that anything else in them vouches for nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.verification import Check
from scripts.decisions.verification_record import (
    Attempt,
    Input,
    Subject,
    code_prefixes,
    differences,
    read_attempt,
    read_record,
    standing,
)
from tests.unit.scripts.releases import MEASURED, subject, verification

RELEASE = subject().release_id
DOCUMENT = verification().model_dump(mode="json")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything in a document, whole parts and single values."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [*([here] if here else []), *(path for key, each in inner for path in paths(each, (*here, key)))]


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def verified(content: bytes, now: Subject | None = None) -> bool:
    return standing("here", read_record(content, RELEASE, "preprod"), now or subject()).stands


def test_a_record_of_just_this_says_verified() -> None:
    assert verified(json.dumps(DOCUMENT).encode())
    assert verified(json.dumps(verification(figures=MEASURED).model_dump(mode="json"), indent=4).encode())


@given(st.sampled_from(paths(DOCUMENT)), JSON_VALUES)
def test_a_record_with_any_other_value_in_it_never_says_verified(path: tuple[Any, ...], value: Any) -> None:
    changed = replaced(DOCUMENT, path, value)
    text = json.dumps(changed)
    assert verified(text.encode("utf-8", "surrogatepass")) == (text == json.dumps(DOCUMENT))


@given(st.sampled_from([path for path in paths(DOCUMENT) if isinstance(path[-1], str)]))
def test_a_record_that_lacks_anything_never_says_verified(path: tuple[Any, ...]) -> None:
    copy = json.loads(json.dumps(DOCUMENT))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    left_at_default = inner.pop(path[-1]) in (None, [], {}, False)
    assert verified(json.dumps(copy).encode()) <= left_at_default


@given(st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_what_is_no_record_says_so_in_words(content: bytes) -> None:
    assert isinstance(read_record(content, RELEASE, "preprod"), str)
    assert read_attempt(content) is None


def test_a_truncated_record_vouches_for_nothing() -> None:
    content = json.dumps(DOCUMENT).encode()
    for length in range(0, len(content), 7):
        assert not verified(content[:length])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stack_id": "arn:stack/2"}, "the stack is another one"),
        ({"model": "Model-2"}, "another SageMaker model"),
        ({"definition": "d2"}, "another pipeline definition"),
        ({"code": "c2"}, "other code"),
        ({"parameters": {**subject().parameters, "ModelPackageName": "arn:2"}}, "parameter ModelPackageName was"),
        ({"thresholds": {**subject().thresholds, "maximum": 1.0}}, "threshold maximum was None when"),
        ({"run": {"ProcessingInstanceCount": "2"}}, "run parameter ProcessingInstanceCount was '1'"),
        ({"input": Input(url="s3://b/other/", objects=1, bytes=1, digest="i")}, "is s3://b/other/ now"),
        ({"input": subject().input.model_copy(update={"digest": "i2"})}, "was written anew"),
        ({"input": subject().input.model_copy(update={"bytes": 51, "digest": "i2"})}, "has 1 objects, 51 bytes now"),
    ],
)
def test_whatever_changed_since_is_said_and_then_it_is_not_verified(change: dict[str, Any], words: str) -> None:
    now = subject(**change)
    found = standing("here", verification(), now)
    assert not found.stands
    assert found.passed_once
    assert any(words in doubt for doubt in found.doubts), found.doubts


def test_many_changes_are_told_in_few_lines() -> None:
    now = subject(run={f"p{number}": "1" for number in range(20)})
    assert differences(subject(), now)[-1] == "and 16 more"


def test_true_is_not_one() -> None:
    assert differences(subject(thresholds={"equal_rows": True}), subject(thresholds={"equal_rows": 1}))


def test_a_failed_record_is_failed_only_of_just_this() -> None:
    failed = verification(passed=False)
    assert standing("here", failed, subject()).failed
    aged = standing("here", failed, subject(model="Model-2"))
    assert not (aged.failed or aged.stands or aged.passed_once)


def test_a_record_that_contradicts_itself_is_not_written() -> None:
    with pytest.raises(ValueError, match="contradicts itself"):
        verification(passed=True, checks=(Check("c", False, ""),))
    with pytest.raises(ValueError, match="contradicts itself"):
        verification(passed=True, figures=None)


def test_a_record_of_an_earlier_form_is_told_from_a_broken_one() -> None:
    old = json.dumps({"release_id": RELEASE, "passed": True, "fingerprint": "f", "stage": "preprod"}).encode()
    assert "of an earlier form" in str(read_record(old, RELEASE, "preprod"))
    assert read_record(b"{", RELEASE, "preprod") == "the record is broken: it is not JSON"


def test_an_attempt_is_read_as_it_was_written() -> None:
    attempt = Attempt(format=1, attempt="verify-1", subject=subject(), replaces=None, at="now", by="eva")
    assert read_attempt(attempt.model_dump_json().encode()) == attempt
    assert read_attempt(None) is None


def test_the_code_is_found_wherever_a_step_reads_it_and_data_is_not_code() -> None:
    def step(*urls: Any) -> dict[str, Any]:
        return {"Arguments": {"ProcessingInputs": [{"S3Input": {"S3Uri": url}} for url in urls]}}

    inner = step("s3://ours/pipeline/p/code-2/", "s3://ours/reference/", "s3://theirs/pipeline/p/x.py")
    definition = {"Steps": [step({"Get": "Parameters.Input"}, "s3://ours/pipeline/p/a.py"), {"IfSteps": [inner]}]}
    found = code_prefixes(json.dumps(definition), "ours", "pipeline/")
    assert found == ["pipeline/p/a.py", "pipeline/p/code-2/"]
    assert code_prefixes(None, "ours", "pipeline/") == []
