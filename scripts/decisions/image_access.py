"""Whether a stage's account may pull an image out of another account's ECR, and the statement that lets it.

A repository is closed to other accounts until its policy names them. Only what is plain is judged: a policy with
conditions or denials may allow it or not, which nobody can tell from here.
https://docs.aws.amazon.com/en_us/AmazonECR/latest/userguide/repository-policy-examples.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from scripts.decisions.framework_images import ecr_image
from scripts.decisions.partitions import partition_of

PULLING: Final = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability")
Answer = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Repository:
    """A repository in somebody's ECR."""

    account: str
    region: str
    name: str


def repository_of(image: str) -> Repository | None:
    """Where in ECR an image is; None for an image elsewhere."""
    parts = ecr_image(image)
    return Repository(*parts) if parts else None


def may_pull(policy: str | None, account: str) -> Answer:
    """Whether a repository's policy (JSON; None: it has none) lets ``account`` pull."""
    if policy is None:
        return "no"
    try:
        statements = list(_statements(json.loads(policy)))
    except ValueError:
        return "unknown"
    naming = [each for each in statements if _names(each.get("Principal"), account)]
    allowed = {
        action
        for each in naming
        if each.get("Effect") == "Allow" and not each.get("Condition")
        for action in PULLING
        if any(fnmatchcase(action.lower(), str(given).lower()) for given in _listed(each.get("Action")))
    }
    if any(each.get("Effect") == "Deny" for each in statements):
        return "unknown"
    if allowed == set(PULLING):
        return "yes"
    unclear = any(each.get("Condition") or "NotPrincipal" in each or "NotAction" in each for each in statements)
    return "unknown" if unclear else "no"


def pulling_statement(account: str, region: str) -> dict[str, Any]:
    """The statement that the repository's policy needs."""
    return {
        "Sid": f"Pull{account}",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition_of(region)}:iam::{account}:root"},
        "Action": list(PULLING),
    }


def _statements(policy: Any) -> Iterator[Mapping[str, Any]]:
    for each in _listed(policy.get("Statement") if isinstance(policy, Mapping) else None):
        if isinstance(each, Mapping):
            yield each


def _names(principal: Any, account: str) -> bool:
    """Whether a principal is the whole account: one of its roles alone is not all that might pull."""
    if principal == "*":
        return True
    named = _listed(principal.get("AWS")) if isinstance(principal, Mapping) else []
    return any(each in ("*", account) or str(each).endswith(f":iam::{account}:root") for each in named)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
