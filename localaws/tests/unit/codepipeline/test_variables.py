"""References in configurations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.codepipeline.variables import UnresolvedVariableError, references, substitute

NAMES = st.text("abcXYZ019_-", min_size=1)


def test_references_are_found_and_replaced() -> None:
    text = "a #{Build.IMAGE}:#{variables.tag} $HOME #not {x}"
    assert list(references({"k": text})) == [("Build", "IMAGE"), ("variables", "tag")]
    assert substitute(text, {"Build": {"IMAGE": "i"}, "variables": {"tag": "1"}}) == "a i:1 $HOME #not {x}"


@pytest.mark.aws_rule(
    "A variable that no action has set fails the action that reads it",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html",
)
@pytest.mark.parametrize("namespaces", [{}, {"Build": {"OTHER": "x"}}])
def test_what_was_not_set_is_an_error_that_says_what_was(namespaces: dict[str, dict[str, str]]) -> None:
    with pytest.raises(UnresolvedVariableError, match=r"#\{Build.IMAGE\} could not be resolved"):
        substitute("#{Build.IMAGE}", namespaces)


@given(NAMES, NAMES, st.text())
def test_a_value_is_taken_as_it_is(namespace: str, key: str, value: str) -> None:
    assert substitute(f"<#{{{namespace}.{key}}}>", {namespace: {key: value}}) == f"<{value}>"


@given(st.text().filter(lambda text: "#{" not in text))
def test_text_without_references_stays(text: str) -> None:
    assert substitute(text, {}) == text
