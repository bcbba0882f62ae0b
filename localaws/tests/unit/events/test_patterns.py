"""Event patterns: every operator, arrays, $or, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.events.pattern_values import PatternError
from localaws.services.events.patterns import matches


def _matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    return matches(json.dumps(pattern), event)


@pytest.mark.aws_rule(
    "Each operator of an event pattern matches as documented",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html",
)
@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("a", "a", True),
        ("a", "A", False),
        (1, 1, True),
        (1, True, False),
        (300, 300.0, True),
        (0, False, False),
        (1, "1", False),
        (True, True, True),
        (None, None, True),
        (None, "", False),
        ({"prefix": "ab"}, "abc", True),
        ({"prefix": "ab"}, "Abc", False),
        ({"prefix": {"equals-ignore-case": "AB"}}, "abc", True),
        ({"suffix": ".csv"}, "x.csv", True),
        ({"suffix": {"equals-ignore-case": ".CSV"}}, "x.csv", True),
        ({"equals-ignore-case": "ABC"}, "abc", True),
        ({"equals-ignore-case": "ABC"}, "abcd", False),
        ({"wildcard": "a*c"}, "a/b/c", True),
        ({"wildcard": "a*c"}, "a/b/d", False),
        ({"wildcard": "a\\*c"}, "a*c", True),
        ({"wildcard": "a\\*c"}, "abc", False),
        ({"cidr": "10.0.0.0/24"}, "10.0.0.255", True),
        ({"cidr": "10.0.0.0/24"}, "10.0.1.0", False),
        ({"cidr": "10.0.0.0/24"}, "no address", False),
        ({"numeric": [">", 1, "<=", 5]}, 5, True),
        ({"numeric": [">", 1, "<=", 5]}, 1, False),
        ({"numeric": ["=", 1.5]}, 1.5, True),
        ({"numeric": ["<", 5]}, "4", False),
        ({"anything-but": "a"}, "b", True),
        ({"anything-but": "a"}, "a", False),
        ({"anything-but": ["a", "b"]}, "c", True),
        ({"anything-but": [1, 2]}, 2, False),
        ({"anything-but": {"prefix": "a"}}, "bc", True),
        ({"anything-but": {"prefix": "a"}}, "ab", False),
        ({"anything-but": {"suffix": ["x", "y"]}}, "by", False),
        ({"anything-but": {"equals-ignore-case": ["A", "B"]}}, "a", False),
        ({"anything-but": {"wildcard": "a*"}}, "ba", True),
        ({"anything-but": {"prefix": "a"}}, None, True),
        ({"anything-but": {"suffix": ["x", "y"]}}, 5, True),
        ({"anything-but": {"equals-ignore-case": "A"}}, None, True),
        ({"anything-but": {"wildcard": "a*"}}, True, True),
        ({"anything-but": {"wildcard": ""}}, "a", True),
        ({"prefix": ""}, "anything", True),
        ({"suffix": ""}, "", True),
        ({"prefix": ""}, 5, False),
        ({"wildcard": ""}, "a", False),
        ({"wildcard": "a/*/a/*/a/*/b"}, "a/x/a/y/a/z/b", True),
        ({"exists": True}, None, True),
        ({"exists": True}, {"deeper": 1}, False),
        ({"exists": False}, "a", False),
    ],
)
def test_a_condition_matches_a_value(condition: Any, value: Any, expected: bool) -> None:
    assert _matches({"detail": {"x": [condition]}}, {"detail": {"x": value}}) is expected


@pytest.mark.parametrize(
    ("condition", "expected"), [({"exists": False}, True), ({"exists": True}, False), ({"anything-but": "a"}, False)]
)
def test_a_field_that_is_absent(condition: Any, expected: bool) -> None:
    assert _matches({"detail": {"x": [condition]}}, {"detail": {}}) is expected
    assert _matches({"detail": {"x": [condition]}}, {}) is expected


@pytest.mark.aws_rule(
    "All fields of a pattern must match, each by any of its values",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
)
def test_any_of_several_values_suffices_and_all_fields_must_match() -> None:
    pattern = {"source": ["a", "b"], "detail": {"state": ["done"]}}
    assert _matches(pattern, {"source": "b", "detail": {"state": "done"}})
    assert not _matches(pattern, {"source": "b", "detail": {"state": "running"}})


def test_an_array_in_the_event_matches_by_any_of_its_items() -> None:
    assert _matches({"resources": [{"suffix": "/b"}]}, {"resources": ["x/a", "x/b"]})
    assert not _matches({"resources": ["a"]}, {"resources": []})


def test_one_object_of_an_array_must_match_all_members() -> None:
    pattern = {"detail": {"items": {"name": ["a"], "size": [1]}}}
    assert _matches(pattern, {"detail": {"items": [{"name": "a", "size": 1}, {"name": "b", "size": 2}]}})
    assert not _matches(pattern, {"detail": {"items": [{"name": "a", "size": 2}, {"name": "b", "size": 1}]}})


def test_or_matches_by_either_alternative_beside_the_other_members() -> None:
    pattern = {"source": ["s"], "$or": [{"detail": {"a": [1]}}, {"detail": {"b": [2]}}]}
    assert _matches(pattern, {"source": "s", "detail": {"b": 2}})
    assert not _matches(pattern, {"source": "s", "detail": {"b": 1}})
    assert not _matches(pattern, {"source": "t", "detail": {"b": 2}})


@pytest.mark.aws_rule(
    "All fields of a pattern must match, each by any of its values",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"a": {}}',
        '{"a": "b"}',
        '{"a": []}',
        '{"a": [["b"]]}',
        '{"a": [{"prefix": 1}]}',
        '{"a": [{"prefix": "x", "suffix": "y"}]}',
        '{"a": [{"like": "x"}]}',
        '{"a": [{"numeric": [">"]}]}',
        '{"a": [{"numeric": [">", "1"]}]}',
        '{"a": [{"numeric": [">", 5, "<", 1]}]}',
        '{"a": [{"numeric": ["!", 5]}]}',
        '{"a": [{"exists": "yes"}]}',
        '{"a": [{"anything-but": []}]}',
        '{"a": [{"anything-but": ["x", 1]}]}',
        '{"a": [{"anything-but": {"numeric": [">", 1]}}]}',
        '{"a": [{"wildcard": "a**b"}]}',
        '{"a": [{"wildcard": "a\\\\b"}]}',
        '{"a": [{"cidr": "10.0.0.0"}]}',
        '{"a": [{"cidr": "300.0.0.0/8"}]}',
        '{"a": [{"cidr": "10.0.0.0/x"}]}',
        '{"a": [{"wildcard": "*:*:*:*:*:b/*"}]}',
        '{"a": [{"anything-but": null}]}',
        '{"a": [{"anything-but": {"prefix": ""}}]}',
        '{"a": [{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]}',
        '{"a": [{"anything-but": {"suffix": ["a", 5]}}]}',
        '{"a": [{"anything-but": {"equals-ignore-case": [5]}}]}',
        '{"a": [{"numeric": 10}]}',
        '{"a": [{"numeric": [">", 0, ">", 5]}]}',
        '{"$or": [{"a": [1]}]}',
        '{"a": [1], "a": [2]}',
    ],
)
def test_an_invalid_pattern_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(PatternError, match=r"Event pattern is not valid. Reason: ."):
        matches(text, {})


_scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
_fields = st.dictionaries(
    st.text(min_size=1, max_size=4).filter(lambda name: name != "$or"), _scalars, min_size=1, max_size=4
)


@given(_fields)
def test_a_pattern_made_of_an_events_own_values_matches_it(detail: dict[str, Any]) -> None:
    assert _matches({"detail": {name: [value] for name, value in detail.items()}}, {"detail": detail})


@given(st.text(min_size=1, max_size=6), st.text(max_size=8))
def test_anything_but_is_the_opposite_of_the_value(text: str, value: str) -> None:
    plain = _matches({"a": [text]}, {"a": value})
    assert _matches({"a": [{"anything-but": [text]}]}, {"a": value}) is not plain


@pytest.mark.parametrize(
    ("pattern", "event"),
    [
        ({"a.b": ["x"]}, {"a": {"b": "x"}}),
        ({"a": {"b": ["x"]}}, {"a.b": "x"}),
        ({"a.b.c": ["x"]}, {"a.b": {"c": "x"}}),
        ({"a": {"b": ["x"]}}, {"a.b": "y", "a": {"b": "x"}}),
        ({"a": {"b": ["x"], "c": [1]}}, {"a.b": "x", "a": {"c": 1}}),
    ],
)
def test_a_path_is_its_names_joined_by_dots_however_they_nest(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    assert _matches(pattern, event)
    assert not _matches(pattern, {"a": {"b": "z"}})


_PATHS = st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=4)


@given(_PATHS, st.data())
def test_an_event_matches_by_any_way_of_nesting_its_path(path: list[str], data: Any) -> None:
    def nested(value: Any) -> Any:
        parts = list(path)
        while parts:
            taken = data.draw(st.integers(1, len(parts)))
            value, parts = {".".join(parts[-taken:]): value}, parts[:-taken]
        return value

    assert _matches(nested(["v"]), nested("v"))
    assert not _matches(nested(["v"]), nested("w"))
