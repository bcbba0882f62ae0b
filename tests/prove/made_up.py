"""Texts without what AWS and the clock make up: two runs of the same command then say the same."""

from __future__ import annotations

import json
import re
from typing import Any

_MADE_UP = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?"), "<time>"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "<endpoint>"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"(?<=execution/)[0-9a-z]{12}|(?<=predictions/)[0-9a-z]{12}"), "<id>"),
    (re.compile(r"-[A-Za-z0-9]{12}(?=[/\":,\s]|$)"), "-<suffix>"),
    (re.compile(r"\b(?=[a-z]*\d)[0-9a-z]{12}\b(?<!\d{12})"), "<id>"),
)


def without_made_up(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    for pattern, instead in _MADE_UP:
        text = pattern.sub(instead, text)
    return text
