"""The linters that a template has to satisfy, each behind one function: a template in, findings out.

cfn-lint knows AWS's schemas, cfn-guard evaluates the rules in ``cloudformation/rules``, parliament knows every IAM
action. Nothing here calls AWS, and nothing decides which findings matter: all of them do, unless the template
suppresses a rule and says why.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from cfn_guard_rs.api import run_checks_rs
from cfnlint.api import lint_file
from cfnlint.config import ManualArgs
from cfnlint.decode import decode

from scripts.errors import CheckError
from scripts.repository.findings import Finding
from scripts.repository.template_branches import branches
from scripts.repository.template_policies import identity_policies

# What parliament 1.6.4 says of these actions is wrong: action -> why.
_WRONG_IN_PARLIAMENT = {
    "s3:GetObjectAttributes": "its table knows access points alone as resource; IAM takes objects too",
    "codestar-connections:UseConnection": "the ARN is a parameter, and may carry either name of the service",
}
_RULE = re.compile(r"^rule (?P<name>\w+)", re.MULTILINE)


def read_template(path: Path) -> dict[str, Any]:
    """The template as plain JSON values: short forms such as ``!Ref`` written out. Raises CheckError."""
    template, problems = decode(str(path))
    if template is None or problems:
        found = [f"{each.filename}:{each.linenumber}: {each.message}" for each in problems]
        raise CheckError(f"{path} is not a CloudFormation template", found=found, next_command=f"edit {path}")
    return dict(json.loads(json.dumps(template)))


def lint_schema(path: Path, regions: Iterable[str]) -> list[Finding]:
    """cfn-lint's findings, for every one of the regions: errors, warnings and notes."""
    matches = lint_file(path, ManualArgs(regions=sorted(regions), include_checks=["I"]))
    return [Finding(str(path), each.linenumber, each.rule.id, each.message) for each in matches]


def read_rules(directory: Path) -> dict[str, str]:
    """Every Guard rule of a folder, by name, each able to stand alone."""
    files = sorted(directory.glob("*.guard"))
    return {name: rule for file in files for name, rule in split_rules(file.read_text()).items()}


def lint_rules(path: str, template: dict[str, Any], rules: Mapping[str, str]) -> list[Finding]:
    """What the Guard rules refuse in the template, whichever way its conditions are decided."""
    findings = {
        finding
        for branch in branches(template)
        for name, rule in rules.items()
        for finding in _evaluate(path, branch, name, rule)
    }
    return sorted(findings)


def split_rules(text: str) -> dict[str, str]:
    """Each rule of a Guard file with the file's definitions before it, by name.

    cfn-guard-rs loses the beginning of a report that is longer than its buffer, so rules are evaluated one by one.
    """
    starts = [(found.start(), found["name"]) for found in _RULE.finditer(text)]
    if not starts:
        return {}
    preamble = text[: starts[0][0]]
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return {name: preamble + text[start:end] for (start, name), end in zip(starts, ends, strict=True)}


def lint_permissions(path: str, template: dict[str, Any]) -> list[Finding]:
    """parliament's findings: actions that do not exist, resources and conditions that do not fit their actions."""
    # Here and not above: docs/templates.md is written and compared without it, which spares 340 ms of 1,900 ms.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parliament imports pkg_resources, which warns of its own end
        import parliament  # noqa: PLC0415

    findings = set()
    for branch in branches(template):
        for policy in identity_policies(branch):
            analysed = parliament.analyze_policy_string(json.dumps(policy.document), ignore_private_auditors=True)
            for each in map(parliament.enhance_finding, analysed.findings):
                if _known_to_be_wrong(each.detail):
                    continue
                message = f"{policy.name}: {each.title}: {each.detail or each.description}"
                findings.add(Finding(path, 0, each.issue, message))
    return sorted(findings)


def _known_to_be_wrong(detail: Any) -> bool:
    """Whether a finding is about nothing but actions that parliament is known to be wrong about."""
    if not isinstance(detail, list):
        return False
    actions = [each.get("action") if isinstance(each, dict) else each for each in detail]
    return bool(actions) and all(action in _WRONG_IN_PARLIAMENT for action in actions)


def _evaluate(path: str, template: dict[str, Any], name: str, rule: str) -> list[Finding]:
    report = run_checks_rs(json.dumps(template), rule, False)
    try:
        failed = json.loads(report)["not_compliant"]
    except ValueError:
        # The report was cut, which only a long list of violations is.
        return [Finding(path, 0, name, "violated in more places than cfn-guard-rs can report")]
    places = sorted(set(_violations(failed))) or ([("the template", "violated")] if failed else [])
    return [
        Finding(path, 0, name, f"{logical_id}: {message}")
        for logical_id, message in places
        if name not in _suppressed(template, logical_id)
    ]


def _violations(node: Any) -> Iterable[tuple[str, str]]:
    """(logical id, message) of every failed clause in cfn-guard's report, however deep."""
    if isinstance(node, list):
        for each in node:
            yield from _violations(each)
    elif isinstance(node, dict):
        place = node.get("check") or node.get("unresolved")
        if "messages" in node and place:
            found = re.search(r'"path": "/Resources/([^/"]+)', json.dumps(place))
            message = node["messages"].get("custom_message") or _missing(place)
            yield (found[1] if found else "the template", " ".join(message.split()))
        else:
            for each in node.values():
                yield from _violations(each)


def _missing(place: dict[str, Any]) -> str:
    return f"{place.get('remaining_query') or 'what the rule looks at'} is missing"


def _suppressed(template: dict[str, Any], logical_id: str) -> list[str]:
    metadata = template.get("Resources", {}).get(logical_id, {}).get("Metadata", {})
    return list(metadata.get("guard", {}).get("SuppressedRules", []))


@cache
def access_levels(pattern: str) -> Mapping[str, str]:
    """The access level of each action that a pattern stands for, as IAM's own table has it: Read, List, Write, ...

    An action that the table does not know counts as Write.
    """
    lowered = pattern.lower()
    service = lowered.partition(":")[0] if ":" in lowered else "*"
    services = [actions for each, actions in _access_levels().items() if fnmatch(each, service)]
    known = {name: level for actions in services for name, level in actions.items() if fnmatch(name.lower(), lowered)}
    return known or {pattern: "Write"}


@cache
def _access_levels() -> dict[str, dict[str, str]]:
    """By service, whose some 400 are told apart first: the table has more than 10,000 actions."""
    # As above, and for the same 340 ms of 1,900 ms.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import parliament  # noqa: PLC0415

    found: dict[str, dict[str, str]] = {}
    for service in parliament.iam_definition:  # which has some services in parts
        actions = {f"{service['prefix']}:{each['privilege']}": each["access_level"] for each in service["privileges"]}
        found[service["prefix"].lower()] = found.get(service["prefix"].lower(), {}) | actions
    return found
