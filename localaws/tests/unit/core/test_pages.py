"""Pages join up to the whole list, whatever is created or deleted between them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.errors import ServiceError
from localaws.core.pages import Pages

PAGES = Pages("InvalidNextTokenException")


def _following(items: list[str], size: int, pages: Pages = PAGES) -> list[list[str]]:
    found: list[list[str]] = []
    request: dict[str, object] = {"MaxResults": size}
    while True:
        part, more = pages.of(items, request, key=str)
        found.append(part)
        if not more:
            return found
        request |= more


@given(st.lists(st.text(), max_size=40, unique=True), st.integers(1, 10))
def test_following_the_tokens_gives_every_item_once(items: list[str], size: int) -> None:
    found = _following(items, size)
    assert [item for part in found for item in part] == items
    assert all(len(part) == size for part in found[:-1])


@given(st.integers(0, 40), st.integers(1, 10))
def test_items_without_a_key_are_paged_by_their_position(number: int, size: int) -> None:
    items, request, found = list(range(number)), {"MaxResults": size}, []
    while True:
        part, more = PAGES.of(items, request)
        found += part
        if not more:
            break
        request = {"MaxResults": size, **more}  # type: ignore[dict-item]
    assert found == items


def test_what_is_created_before_the_next_page_neither_repeats_nor_hides_an_item() -> None:
    _, more = PAGES.of(["c", "b", "a"], {"MaxResults": 2}, key=str)
    assert PAGES.of(["d", "c", "b", "a"], {"MaxResults": 2, **more}, key=str) == (["a"], {})


def test_what_is_deleted_before_the_next_page_hides_no_item() -> None:
    _, more = PAGES.of(["a", "b", "c", "d"], {"MaxResults": 2}, key=str)
    assert PAGES.of(["b", "c", "d"], {"MaxResults": 2, **more}, key=str) == (["c", "d"], {})


def test_where_the_last_item_shown_is_gone_its_position_counts() -> None:
    _, more = PAGES.of(["a", "b", "c", "d"], {"MaxResults": 2}, key=str)
    assert PAGES.of(["a", "c", "d"], {"MaxResults": 2, **more}, key=str)[0] == ["d"]


def test_a_service_names_its_members_and_its_bounds() -> None:
    pages = Pages("X", continuation="nextToken", size="limit", usual=3, most=4)
    items = list("abcdef")
    assert pages.of(items, {})[0] == ["a", "b", "c"]
    assert pages.of(items, {}, usual=2)[0] == ["a", "b"]
    part, more = pages.of(items, {"limit": 100})
    assert part == ["a", "b", "c", "d"]
    assert list(more) == ["nextToken"]


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "2",
        "ü",
        *map(_encoded, ["2", "[]", '["a"]', '["a", -1]', '["a", 0]', '["a", true]', '["a", "1"]', "[1, 1]", "{}"]),
    ],
)
def test_a_token_that_was_not_given_here_is_the_services_own_error(token: str) -> None:
    with pytest.raises(ServiceError) as caught:
        PAGES.of(["a", "b"], {"NextToken": token}, key=str)
    assert caught.value.code == "InvalidNextTokenException"
