"""AWS's dialect of JSON paths, read by the library for RFC 9535."""

from __future__ import annotations

from typing import Any

import jsonpath_rfc9535
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.json_paths import JsonPathError, read, translated, values

DOCUMENT: dict[str, Any] = {
    "detail": {"instance-id": "i-1", "0a": 2, "a.b": 3, "x": [{"y": 1.5}, {"y": 2}]},
    "it's": "quoted",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", [DOCUMENT]),
        ("$.detail.instance-id", ["i-1"]),
        ("$.detail.0a", [2]),
        ("$.detail.['instance-id','0a']", ["i-1", 2]),
        ("$.detail['a.b']", [3]),
        ('$.detail["a.b"]', [3]),
        (r"$['it\'s']", ["quoted"]),
        ("$.detail.x.[0].y", [1.5]),
        ("$.detail.x[-1].y", [2]),
        ("$..y", [1.5, 2]),
        ("$.detail.x[?@.y > 1.75].y", [2]),
        ("$.detail.x[*].y", [1.5, 2]),
        ("$.nothing", []),
    ],
)
def test_a_path_finds(path: str, found: list[Any]) -> None:
    assert values(path, DOCUMENT) == found


@pytest.mark.parametrize("path", ["", "detail", "$.", "$[", "$['a", "$.a b", "$...a", "$.['a'", "$[a]"])
def test_what_is_not_a_path_is_refused(path: str) -> None:
    with pytest.raises(JsonPathError, match="is not a JSON path"):
        read(path)


@given(st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True) | st.integers(0, 3), max_size=4))
def test_a_path_of_the_rfc_means_the_same_translated(steps: list[str | int]) -> None:
    path = "$" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)
    assert str(read(path)) == str(jsonpath_rfc9535.compile(path))
    assert translated(translated(path)) == translated(path)
