"""What a resource type is, what it is given, and what it answers. No AWS type is known here."""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import ClientError

from localaws.core.caller import Caller
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.requests import to_request

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

Properties = dict[str, Any]
_MISSING_CODES = (
    "NoSuch",
    "NotFound",
    "DoesNotExist",
    "NonExistent",
    "ResourceDoesNotExist",
)
_MISSING_WORDS = ("cannot find", "could not find", "does not exist", "not found", "unable to find")


@dataclass
class Resource:
    """A resource that exists: its physical id, what GetAtt answers, and what Ref answers where that is another."""

    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    ref: str | None = None


@dataclass
class Context:
    """One operation on one resource. ``caller`` is whom it acts as; ``report`` must be called as soon as the resource
    exists, so that a failure in what follows can still remove it."""

    cloud: Cloud
    caller: Caller
    stack_id: str
    stack_name: str
    logical_id: str
    report: Callable[[Resource], None] = lambda _: None
    stack: dict[str, Any] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.caller.account

    @property
    def region(self) -> str:
        return self.caller.region

    def client(self, service: str) -> Any:
        return self.cloud.client(service, self.caller)

    def arn(self, service: str, resource: str) -> str:
        return self.caller.resource_arn(service, resource)

    def call(
        self,
        service: str,
        operation: str,
        properties: Properties,
        rename: dict[str, str] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Call an API operation with CloudFormation properties; ``more`` are members in the API's own names."""
        client = self.client(service)
        name = client.meta.method_to_api_mapping[operation]
        shape = client.meta.service_model.operation_model(name).input_shape
        request = to_request(shape, properties, rename or {})
        answer: dict[str, Any] = getattr(client, operation)(**request, **more)
        return answer

    def name(self, limit: int = 255, *, lower: bool = False, separator: str = "-") -> str:
        """A physical name as CloudFormation makes them: stack, logical id and 12 random characters."""
        alphabet = string.ascii_lowercase if lower else string.ascii_letters
        random = "".join(secrets.choice(alphabet + string.digits) for _ in range(12))
        room = limit - len(random) - 2
        logical = self.logical_id[: max(room - min(len(self.stack_name), room // 2), 1)]
        stack = self.stack_name[: room - len(logical)].rstrip(separator)
        found = separator.join((stack, logical, random))
        return found.lower() if lower else found

    def wait(self, ready: Callable[[], bool], what: str, seconds: float = 900) -> None:
        """Poll until ``ready``; ResourceError after ``seconds`` or when the server stops."""
        stopping: threading.Event = self.cloud.workers.stopping
        deadline, pause = time.monotonic() + seconds, 0.05
        while not ready():
            if time.monotonic() > deadline:
                raise ResourceError(f"{what} did not stabilize within {seconds:.0f} s")
            if stopping.wait(pause):
                raise ResourceError(f"the server stopped while {what} was under way")
            pause = min(pause * 1.5, 1.0)


class ResourceType:
    """Base of every type. Properties are resolved, validated and carry the stack's tags."""

    type_name: ClassVar[str]
    name_property: ClassVar[str | None] = None  # which property names the resource; generated where it is absent
    takes_system_tags: ClassVar[bool] = True  # whether its API accepts tags that begin with aws:
    ignored_changes: ClassVar[frozenset[str]] = frozenset()  # properties that only matter at creation

    def create(self, context: Context, properties: Properties) -> Resource:
        raise NotImplementedError

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        raise NotImplementedError

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        raise NotImplementedError

    def must_replace(self, name: str, before: Properties, after: Properties) -> bool:
        """Whether changing a property that is create-only under conditions needs a new resource."""
        return True


@contextmanager
def already_gone() -> Iterator[None]:
    """Around taking away one part of a resource: a part that is not there is no failure.

    A creation, change or deletion that was cut off leaves some parts and not others, and what follows must take away
    the rest. Without this, "there is no such part" would read as "there is no such resource".
    """
    try:
        yield
    except ClientError as error:
        if not is_missing(error):
            raise


def is_missing(error: ClientError) -> bool:
    """Whether an API said that the thing is not there; some services have no code of its own for that."""
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "").lower()
    if any(part in code for part in _MISSING_CODES):
        return True
    return code.startswith(("Validation", "BadRequest", "404")) and any(word in message for word in _MISSING_WORDS)
