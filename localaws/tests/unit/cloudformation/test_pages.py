"""Pages join up to the whole list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.errors import ServiceError
from localaws.services.cloudformation.pages import page


@given(st.lists(st.integers(), max_size=40), st.integers(1, 10))
def test_following_the_tokens_gives_every_item_once(items: list[int], size: int) -> None:
    found: list[int] = []
    token: str | None = None
    while True:
        part, more = page(items, token, size)
        assert len(part) <= size
        found += part
        if not more:
            break
        token = more["NextToken"]
    assert found == items


def test_a_token_of_somebody_elses_is_refused() -> None:
    with pytest.raises(ServiceError):
        page([1, 2], "nonsense")
