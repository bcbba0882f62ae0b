"""How each service changes tags: its operations and their members."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localaws.services.cloudformation.resource_types.base import Context


@dataclass(frozen=True)
class Tagging:
    """One service's tag operations. ``target`` is the member that names the resource; ``more`` are constant members."""

    service: str
    tag: str
    target: str
    tags: str
    untag: str
    keys: str
    more: dict[str, Any] = field(default_factory=dict)

    def update(self, context: Context, target: str, before: dict[str, str], after: dict[str, str]) -> None:
        removed = [key for key in before if key not in after]
        changed = {key: value for key, value in after.items() if before.get(key) != value}
        named = {self.target: target, **self.more}
        if removed:
            context.call(self.service, self.untag, {self.keys: removed}, None, **named)
        if changed:
            context.call(self.service, self.tag, {self.tags: changed}, None, **named)


def tag_map(tags: Any) -> dict[str, str]:
    """Tags of either form as a map."""
    if isinstance(tags, dict):
        return {key: str(value) for key, value in tags.items()}
    return {tag["Key"]: str(tag["Value"]) for tag in tags or []}


def by_arn(service: str, *, camel: bool = False, member: str | None = None) -> Tagging:
    """TagResource and UntagResource, as most services have them."""
    if camel:
        return Tagging(service, "tag_resource", "resourceArn", "tags", "untag_resource", "tagKeys")
    return Tagging(service, "tag_resource", member or "ResourceArn", "Tags", "untag_resource", "TagKeys")
