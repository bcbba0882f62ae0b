"""Which lines of a template need a reason beside them and have none. Pure: text in, findings out.

A wildcard in a policy, and a suppressed rule, are decisions; the comment on the line says why. YAML parsers drop
comments, so this looks at the text itself.
"""

from __future__ import annotations

import re

from scripts.repository.findings import Finding

_POLICY = re.compile(r"^(?P<indent>\s*)(?:- )?(?:PolicyDocument|KeyPolicy|AssumeRolePolicyDocument):(?:\s|$)")
_SUPPRESSION = re.compile(r"\b(?:ignore_checks|SuppressedRules)\b")


def missing_reasons(path: str, text: str) -> list[Finding]:
    """One finding for each wildcard in a policy, and each suppression, whose line has no comment."""
    findings = []
    policy_indent: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        content, reason = _split_comment(line)
        if not content.strip():
            continue
        indent = len(content) - len(content.lstrip())
        if policy_indent is not None and indent <= policy_indent:
            policy_indent = None
        begins = _POLICY.match(content)
        if begins:
            policy_indent = len(begins["indent"])
        if policy_indent is not None and "*" in content and not reason:
            findings.append(Finding(path, number, "WILDCARD_HAS_REASON", f"no comment says why: {content.strip()}"))
        if _SUPPRESSION.search(content) and not reason:
            findings.append(Finding(path, number, "SUPPRESSION_HAS_REASON", f"no comment says why: {content.strip()}"))
    return findings


def _split_comment(line: str) -> tuple[str, str]:
    """The line without its comment, and the comment; a ``#`` inside quotes begins none."""
    quote = ""
    for position, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#" and (position == 0 or line[position - 1].isspace()):
            return line[:position].rstrip(), line[position + 1 :].strip()
    return line.rstrip(), ""
