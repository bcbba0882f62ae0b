"""Markers are read wherever pytest takes them, and one that says too little is a finding with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.repository.aws_rule_markers import marked_tests, page_problem

_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"
_MARK = f'pytest.mark.aws_rule("A rule.", page="{_PAGE}")'

_PLACES = {
    "a function": (f"@{_MARK}\ndef test_one(): ...", ["test_one"]),
    "a method": (f"class TestIt:\n    @{_MARK}\n    def test_one(self): ...", ["TestIt::test_one"]),
    "a class": (
        f"@{_MARK}\nclass TestIt:\n    def test_one(self): ...\n    def test_two(self): ...\n    def other(self): ...",
        ["TestIt::test_one", "TestIt::test_two"],
    ),
    "a class's pytestmark": (
        f"class TestIt:\n    pytestmark = {_MARK}\n    def test_one(self): ...",
        ["TestIt::test_one"],
    ),
    "a file": (f"pytestmark = {_MARK}\ndef test_one(): ...", [""]),
    "one of a file's": (f"pytestmark = [pytest.mark.slow, {_MARK}]", [""]),
    "a case": (
        f'@pytest.mark.parametrize("n", [1, pytest.param(2, marks=[{_MARK}], id="two")])\ndef test_one(n): ...',
        ["test_one"],
    ),
    "a case of a list above": (
        f'CASES = [pytest.param(2, marks={_MARK})]\n@pytest.mark.parametrize("n", CASES)\ndef test_one(n): ...',
        ["test_one"],
    ),
}


@pytest.mark.parametrize("text, names", _PLACES.values(), ids=_PLACES)
def test_a_marker_is_read_where_pytest_takes_it(text: str, names: list[str]) -> None:
    tests, findings = marked_tests("tests/test_it.py", text)
    assert findings == []
    assert [(each.rule, each.page, each.path, each.name) for each in tests] == [
        ("A rule", _PAGE, "tests/test_it.py", name) for name in names
    ]


_WRONG = {
    "no page": ('@pytest.mark.aws_rule("A rule")\ndef test_one(): ...', "page="),
    "no call": ("@pytest.mark.aws_rule\ndef test_one(): ...", "neither rule nor page"),
    "a name for it": ("rule = pytest.mark.aws_rule\n@rule\ndef test_one(): ...", "neither rule nor page"),
    "a page in a variable": ('@pytest.mark.aws_rule("A rule", page=PAGE)\ndef test_one(): ...', "literal"),
    "a made up text": ('@pytest.mark.aws_rule(f"{x}", page="https://x")\ndef test_one(): ...', "literal"),
    "another place": ('@pytest.mark.aws_rule("A rule", page="https://example.com/a")\ndef test_one(): ...', "no page"),
    "an empty rule": (f'@pytest.mark.aws_rule(" ", page="{_PAGE}")\ndef test_one(): ...', "empty"),
    "something else": (f'@pytest.mark.aws_rule("A rule", page="{_PAGE}", more=1)\ndef test_one(): ...', "nothing else"),
    "no test": (f"@{_MARK}\ndef site(): ...", "no"),
    "an unused list": (f"CASES = [pytest.param(2, marks={_MARK})]", "no"),
}


@pytest.mark.parametrize("text, words", _WRONG.values(), ids=_WRONG)
def test_a_marker_that_says_too_little_is_a_finding_with_its_line(text: str, words: str) -> None:
    tests, findings = marked_tests("tests/test_it.py", f"\n\n{text}")
    assert tests == []
    assert [(each.path, each.line, words in each.message) for each in findings] == [("tests/test_it.py", 3, True)]


@pytest.mark.parametrize(
    "page, is_one",
    [
        (_PAGE, True),
        ("https://github.com/aws/aws-cdk/issues/1", True),
        ("https://repost.aws/knowledge-center/x", True),
        ("http://docs.aws.amazon.com/IAM", False),
        ("https://docs.aws.amazon.com/", False),
        ("https://docs.aws.amazon.com.example.com/IAM", False),
        ("https://github.com/somebody/aws", False),
        ("IAM guide", False),
    ],
)
def test_a_page_is_one_of_awss(page: str, is_one: bool) -> None:
    assert (page_problem(page) is None) is is_one


@given(st.text())
def test_any_text_is_read_or_is_a_finding(text: str) -> None:
    marked_tests("t.py", text)
