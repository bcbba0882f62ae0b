"""JSON, YAML and XML that somebody else wrote, with limits: on how deep it nests and on what its aliases expand to.

A few kilobytes of brackets exhaust a parser's stack, and a few lines of YAML aliases stand for billions of values. The
limits are far above what AWS itself takes; what exceeds them is refused in words before it is read. It knows no format
of any service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

import yaml

# AWS's own limits lie far below: a template's, policy's or definition's nesting seldom exceeds 20.
DEEPEST = 100
MOST_VALUES = 500_000

_JSON_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_EVENTS: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DocumentLimitError(ValueError):
    """The document nests too deep, or its aliases expand to too much; the message says which, and the limit."""


def read_json(text: str | bytes, object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """``json.loads`` of a document from outside. DocumentLimitError (a ValueError, as JSONDecodeError is)."""
    refuse_deep_json(text)
    return json.loads(text, object_pairs_hook=object_pairs_hook)


def refuse_deep_json(text: str | bytes) -> None:
    """DocumentLimitError where brackets that are no part of a string nest deeper than ``DEEPEST``."""
    if isinstance(text, bytes):
        if text.count(b"[") + text.count(b"{") <= DEEPEST:
            return
        text = text.decode(errors="replace")
    if text.count("[") + text.count("{") <= DEEPEST:
        return  # what cannot nest too deep need not be looked through
    depth = 0
    for found in _JSON_STRUCTURE.finditer(text):
        mark = found.group()
        if mark in "[{":
            depth += 1
            if depth > DEEPEST:
                raise _too_deep("JSON")
        elif mark in "]}":
            depth -= 1


class AliasError(DocumentLimitError):
    """The YAML uses an alias where its format has none."""


def refuse_unbounded_yaml(text: str | bytes, aliases: bool = True) -> None:
    """DocumentLimitError where YAML nests deeper than ``DEEPEST``, an anchor contains its own alias, or all aliases
    written out would be more than ``MOST_VALUES`` values; AliasError for any alias where ``aliases`` allows none.
    yaml.YAMLError where it is no YAML."""
    expanded: dict[str | None, int] = {}  # values that an alias of the anchor stands for
    open_collections: list[tuple[str | None, int]] = []  # anchor and number of values so far
    values = 0
    for event in yaml.parse(text, Loader=_EVENTS):
        if isinstance(event, yaml.CollectionStartEvent):
            open_collections.append((event.anchor, values))
            if len(open_collections) > DEEPEST:
                raise _too_deep("YAML")
            values += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_collections.pop()
            if anchor is not None:
                expanded[anchor] = values - before
        elif isinstance(event, yaml.AliasEvent):
            if not aliases:
                raise AliasError(f"the alias *{event.anchor} is used")
            if event.anchor in (anchor for anchor, _ in open_collections):
                raise DocumentLimitError(f"the YAML's anchor &{event.anchor} contains itself")
            values += expanded.get(event.anchor, 1)
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
            if event.anchor is not None:
                expanded[event.anchor] = 1
        if values > MOST_VALUES:
            raise DocumentLimitError(
                f"the YAML stands for more than {MOST_VALUES:,} values, its aliases written out; localaws reads no more"
            )


def refuse_hostile_xml(content: bytes) -> None:
    """DocumentLimitError where XML nests deeper than ``DEEPEST`` or declares a document type (whose entities may expand
    to anything; AWS takes none). ValueError where it is not well-formed."""
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise _too_deep("XML")

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(*_: object) -> None:
        raise DocumentLimitError("the XML declares a document type, which is not taken")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.StartDoctypeDeclHandler = declared
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError(f"the XML is not well-formed: {error}") from error


def refuse_deep_parameters(value: Any) -> None:
    """``refuse_deep_json`` for every JSON document among the texts of a request's parameters (policies, templates,
    patterns ...), and for the parameters themselves."""
    waiting = [(value, 0)]
    while waiting:
        found, depth = waiting.pop()
        if depth > DEEPEST:
            raise _too_deep("request")
        if isinstance(found, dict):
            waiting += [(inner, depth + 1) for inner in found.values()]
        elif isinstance(found, list):
            waiting += [(inner, depth + 1) for inner in found]
        elif isinstance(found, str) and found.lstrip()[:1] in ("{", "["):
            refuse_deep_json(found)


def _too_deep(kind: str) -> DocumentLimitError:
    return DocumentLimitError(f"the {kind} nests deeper than {DEEPEST} levels; localaws reads no more")
