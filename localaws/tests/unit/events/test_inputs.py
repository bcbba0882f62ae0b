"""What a target receives: constants, parts of the event, templates, and which of them are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.events.inputs import input_of, input_problem, must_be_json

EVENT: dict[str, Any] = {
    "id": "1",
    "detail-type": "T",
    "resources": ["first", "second"],
    "detail": {"name": 'a "b"\n', "n": 3, "none": None, "list": [1, "x"], "object": {"k": "v"}},
}
RULE = "arn:aws:events:eu-west-1:111111111111:rule/daily"


def _input(**target: Any) -> str:
    return input_of(target, EVENT, RULE, "2030-01-01T00:00:00Z")


def _template(template: str, **paths: str) -> str:
    return _input(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})


def test_without_an_input_the_whole_event_is_passed() -> None:
    assert json.loads(_input()) == EVENT


def test_a_constant_is_passed_as_it_is() -> None:
    assert _input(Input=' {"a": 1} ') == ' {"a": 1} '


@pytest.mark.parametrize(
    ("path", "expected"),
    [("$", EVENT), ("$.detail.n", 3), ("$.resources[1]", "second"), ("$.detail-type", "T"), ("$['detail']['n']", 3)],
)
def test_a_path_passes_a_part_of_the_event(path: str, expected: Any) -> None:
    assert json.loads(_input(InputPath=path)) == expected


@pytest.mark.aws_rule(
    "A placeholder of an input transformer is JSON by itself and text within a string",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html",
)
def test_placeholders_alone_are_json_and_within_strings_are_text() -> None:
    filled = _template(
        '{"name": <name>, "text": "is <name> of <n>", "list": <list>, "none": <none>}',
        name="$.detail.name",
        n="$.detail.n",
        list="$.detail.list",
        none="$.detail.none",
    )
    assert json.loads(filled) == {
        "name": 'a "b"\n',
        "text": 'is a "b"\n of 3',
        "list": [1, "x"],
        "none": None,
    }


def test_the_rule_and_the_event_have_placeholders_of_their_own() -> None:
    filled = json.loads(
        _template(
            '{"arn": <aws.events.rule-arn>, "name": "<aws.events.rule-name>", "event": <aws.events.event.json>, '
            '"head": <aws.events.event>, "when": <aws.events.event.ingestion-time>}'
        )
    )
    assert filled["arn"] == RULE
    assert filled["name"] == "daily"
    assert filled["event"] == EVENT
    head = {name: value for name, value in EVENT.items() if name not in ("detail", "detail-type")}
    assert filled["head"] == {**head, "detailType": EVENT["detail-type"]}
    assert filled["when"] == "2030-01-01T00:00:00Z"


def test_lines_of_quoted_text_stay_quoted() -> None:
    assert _template('"<n> failed"\n"see <id>"', n="$.detail.n", id="$.id") == '"3 failed"\n"see 1"'


def test_what_the_event_lacks_is_empty() -> None:
    assert json.loads(_template('{"a": <x>, "b": "<x>!"}', x="$.detail.absent")) == {"a": "", "b": "!"}


@pytest.mark.aws_rule(
    "A placeholder of an input transformer is JSON by itself and text within a string",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html",
)
@pytest.mark.parametrize(
    "target",
    [
        {"Input": "{"},
        {"Input": "{}", "InputPath": "$"},
        {"InputPath": "detail"},
        {"InputPath": "$..detail"},
        {"InputTransformer": {"InputTemplate": '"<unknown>"'}},
        {"InputTransformer": {"InputTemplate": '{"a": }'}},
        {"InputTransformer": {"InputTemplate": "plain words"}},
        {"InputTransformer": {"InputPathsMap": {"x": "y"}, "InputTemplate": '"<x>"'}},
        {"InputTransformer": {"InputPathsMap": {"AWSx": "$.id"}, "InputTemplate": '"<AWSx>"'}},
    ],
)
def test_a_wrong_input_is_refused(target: dict[str, Any]) -> None:
    assert input_problem({"Id": "t", **target})


@given(st.text(max_size=20))
def test_any_text_keeps_a_template_valid_json(text: str) -> None:
    transformer = {"InputPathsMap": {"x": "$.detail"}, "InputTemplate": '{"alone": <x>, "within": "-<x>-"}'}
    assert input_problem({"Id": "t", "InputTransformer": transformer}) is None
    filled = input_of({"InputTransformer": transformer}, {"detail": text}, RULE, "")
    assert json.loads(filled) == {"alone": text, "within": f"-{text}-"}


def test_an_object_loses_its_quotes_in_a_text() -> None:
    filled = _template('"it is <object> and <list>"', object="$.detail.object", list="$.detail.list")
    text = json.loads(filled)
    assert text == f"it is {_bare(EVENT['detail']['object'])} and {_bare(EVENT['detail']['list'])}"


def _bare(value: Any) -> str:
    return json.dumps(value, separators=(",", ":")).replace('"', "")


@pytest.mark.parametrize("name", ["object", "list"])
def test_an_object_in_quotes_of_a_document_is_no_json_and_the_target_must_have_some(name: str) -> None:
    transformer = {"InputPathsMap": {"x": f"$.detail.{name}"}, "InputTemplate": '{"a": "<x>"}'}
    target = {"InputTransformer": transformer}
    assert must_be_json(target)
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(input_of(target, EVENT, RULE, ""))
    assert not must_be_json({"InputTransformer": {"InputTemplate": '"<x>"'}})
