"""Notification rules as documents (table ``codestar-notifications.rule``: ``account/region/id``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.pages import Pages

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

PAGES = Pages("InvalidNextTokenException")
_TOPIC = re.compile(r"arn:[^:]+:sns:[^:]*:[^:]*:[^:]+")


class Records:
    def __init__(self, cloud: Cloud) -> None:
        self.rules = cloud.store.table("codestar-notifications.rule")

    def of(self, caller: Caller) -> list[Document]:
        return self.rules.values(f"{caller.account}/{caller.region}/")

    def rule(self, caller: Caller, arn: str) -> Document:
        found = self.rules.get(self.key(caller, arn))
        if found is None or found["Arn"] != arn:
            raise ServiceError("ResourceNotFoundException", f"The notification rule {arn} does not exist.", 404)
        return found

    def save(self, caller: Caller, rule: Document) -> None:
        self.rules.put(self.key(caller, rule["Arn"]), rule)

    @staticmethod
    def key(caller: Caller, arn: str) -> str:
        return f"{caller.account}/{caller.region}/{arn.rsplit('/', 1)[-1]}"


def checked_targets(targets: list[dict[str, Any]]) -> list[dict[str, str]]:
    """A rule's targets, each the ARN of an SNS topic."""
    checked = []
    for target in targets:
        kind, address = target.get("TargetType", "SNS"), str(target.get("TargetAddress", ""))
        if kind != "SNS":
            raise ServiceError("NotImplemented", f"localaws notifies SNS topics only, not {kind}.", 501)
        if not _TOPIC.fullmatch(address):
            raise ServiceError("ValidationException", f"Invalid target address {address}: it must be an SNS topic.")
        checked.append({"TargetType": kind, "TargetAddress": address, "TargetStatus": "ACTIVE"})
    return checked
