"""Creates, updates and deletes one resource of a stack, with its record and its stack events."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.errors import ServiceError
from localaws.services.cloudformation.change_set import exists, takes_map
from localaws.services.cloudformation.dynamic_references import resolve_dynamic_references
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.no_echo import MASK, masked
from localaws.services.cloudformation.principal import acting_caller
from localaws.services.cloudformation.records import Records
from localaws.services.cloudformation.resource_types.base import Context, Resource, is_missing
from localaws.services.cloudformation.resource_types.registry import implementation
from localaws.services.cloudformation.schema import ResourceSchema, resource_schema

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)


class ResourceLifecycle:
    """The operations of one stack, by its key. Each raises ResourceError after it wrote the failure's event."""

    def __init__(self, cloud: Cloud, records: Records, key: str) -> None:
        self._cloud = cloud
        self._records = records
        self._key = key

    def create(self, name: str, record: dict[str, Any], *, former: str | None = None) -> None:
        """Make a resource. ``record`` has its Type, Properties and policies; ``former`` is the physical id of what it
        replaces."""
        verb = "CREATE" if former is None else "UPDATE"
        reason = None
        if former is not None:
            reason = "Requested update requires the creation of a new physical resource; hence creating one."
        self._write(name, record, f"{verb}_IN_PROGRESS", reason, former=former)

        def work() -> None:
            kind = implementation(record["Type"])
            with ExitStack() as unknown:

                def report(resource: Resource) -> None:
                    _keep(record, resource)
                    self._write(name, record, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
                    unknown.close()

                context = self._context(name, report)
                properties = self._for_api(context, record["Type"], name, record["Properties"])
                # A server that is killed leaves no resource of which its stack knows nothing.
                unknown.enter_context(self._cloud.generations.in_one())
                resource = kind.create(context, properties)
                if not exists(record):
                    report(resource)
            _keep(record, resource)

        self._guarded(name, record, verb, work)

    def update(self, name: str, record: dict[str, Any], before: dict[str, Any], properties: dict[str, Any]) -> None:
        """Change a resource in place, from the properties ``before`` to ``properties``."""
        record["Properties"] = properties
        self._write(name, record, "UPDATE_IN_PROGRESS")

        def work() -> None:
            kind = implementation(record["Type"])
            context = self._context(name)
            resource = _resource(record)
            new = self._for_api(context, record["Type"], name, properties)
            old = self._for_api(context, record["Type"], name, before, is_former=True)
            _keep(record, kind.update(context, resource, old, new))

        self._guarded(name, record, "UPDATE", work)

    def delete(self, name: str, record: Mapping[str, Any], *, keep_record: bool) -> None:
        """Remove a resource that exists; one that is gone already is no failure."""
        record = dict(record)
        self._write(name, record, "DELETE_IN_PROGRESS", keep=keep_record)

        def work() -> None:
            kind = implementation(record["Type"])
            context = self._context(name)
            try:
                kind.delete(context, _resource(record), record["Properties"])
            except ClientError as error:
                if not is_missing(error):
                    raise

        self._guarded(name, record, "DELETE", work, keep_record)

    def skip_deletion(self, name: str, record: Mapping[str, Any], *, keep_record: bool) -> None:
        """A policy keeps the resource: it leaves the stack and stays where it is."""
        self._write(name, dict(record), "DELETE_SKIPPED", keep=keep_record)

    def fail(self, name: str, record: dict[str, Any], status: str, reason: str) -> None:
        self._write(name, record, status, reason)

    def replacement_needed(self, record: Mapping[str, Any], properties: dict[str, Any], paths: list[Any]) -> bool:
        """Whether changes at ``paths`` need a new resource; ResourceError where its fixed name forbids one."""
        schema = self._schema(record["Type"])
        kind = implementation(record["Type"])
        before = record["Properties"]
        needs = {path: schema.recreation(path) for path in paths if path[0] not in kind.ignored_changes}
        if not any(
            need == "Always" or (need == "Conditionally" and kind.must_replace(path[0], before, properties))
            for path, need in needs.items()
        ):
            return False
        named = kind.name_property
        if named and named in properties and record["Properties"].get(named) == properties[named]:
            raise ResourceError(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename "
                f"{properties[named]} and update the stack again."
            )
        return True

    def _schema(self, kind: str) -> ResourceSchema:
        return resource_schema(kind, self._key.split("/")[1])

    def _context(self, name: str, report: Callable[[Resource], None] = lambda _: None) -> Context:
        stack = self._records.get(self._key)
        caller = acting_caller(stack)
        return Context(self._cloud, caller, stack["StackId"], stack["StackName"], name, report, stack)

    def _for_api(
        self,
        context: Context,
        type_name: str,
        name: str,
        properties: dict[str, Any],
        is_former: bool = False,
    ) -> dict[str, Any]:
        """Dynamic references read and only then judged by the schema, scalars of the types that it wants, and
        CloudFormation's own tags where the type takes them. ``is_former``: of a resource that was made of them."""
        kind, schema = implementation(type_name), self._schema(type_name)
        secrets: set[str] = set()
        resolved: dict[str, Any] = resolve_dynamic_references(properties, context.client, secrets)
        if not is_former:
            _check(schema, name, resolved, secrets)
        resolved = schema.converted(resolved)
        tag_property = schema.tag_property
        if tag_property is None or not schema.takes_system_tags or not kind.takes_system_tags:
            return resolved
        system = {
            "aws:cloudformation:stack-name": context.stack_name,
            "aws:cloudformation:logical-id": name,
            "aws:cloudformation:stack-id": context.stack_id,
        }
        if takes_map(schema):
            return {**resolved, tag_property: {**system, **resolved.get(tag_property, {})}}
        own = [{"Key": key, "Value": value} for key, value in system.items()]
        return {**resolved, tag_property: [*own, *resolved.get(tag_property, [])]}

    def _guarded(
        self, name: str, record: dict[str, Any], verb: str, work: Callable[[], None], keep: bool = True
    ) -> None:
        try:
            work()
        except ResourceError as error:
            self._write(name, record, f"{verb}_FAILED", error.reason, keep)
            raise
        except (ClientError, BotoCoreError, ServiceError) as error:
            reason = _handler_message(error)
            self._write(name, record, f"{verb}_FAILED", reason, keep)
            raise ResourceError(reason) from error
        except Exception as error:
            log.exception("%s of %s (%s) failed", verb, name, record["Type"])
            reason = f"Internal Failure: {type(error).__name__}: {error}"
            self._write(name, record, f"{verb}_FAILED", reason, keep)
            raise ResourceError(reason) from error
        self._write(name, record, f"{verb}_COMPLETE", None, keep)

    def _write(
        self,
        name: str,
        record: dict[str, Any],
        status: str,
        reason: str | None = None,
        keep: bool = True,
        former: str | None = None,
    ) -> None:
        record["Status"], record["Reason"] = status, reason
        record["Updated"] = self._cloud.clock.now()
        if keep:
            with self._records.edit(self._key) as stack:
                stack["Resources"][name] = record
        else:
            stack = self._records.get(self._key)
        physical = former or record.get("PhysicalId") or ""
        shown = masked(record["Properties"], record.get("Secret", []))
        self._records.event(stack, name, physical, record["Type"], status, reason, shown)


def _check(schema: ResourceSchema, name: str, properties: dict[str, Any], secrets: set[str]) -> None:
    read_only = {path[0] for path in schema.read_only if len(path) == 1}
    found = [
        f"#: extraneous key [{each}] is not permitted (it is read-only)" for each in properties if each in read_only
    ]
    found += schema.problems(properties)
    if found:
        listed = ", ".join(found)
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            listed = listed.replace(secret, MASK)
        raise ResourceError(f"Properties validation failed for resource {name} with message:\n[{listed}]")


def is_present(record: Mapping[str, Any]) -> bool:
    """Whether a record stands for something that is there and that deleting the stack must remove."""
    return bool(record.get("PhysicalId")) and record["Status"] not in ("DELETE_COMPLETE", "DELETE_SKIPPED")


def _resource(record: Mapping[str, Any]) -> Resource:
    return Resource(record["PhysicalId"], dict(record.get("Attributes", {})), record.get("Ref"))


def _keep(record: dict[str, Any], resource: Resource) -> None:
    record["PhysicalId"], record["Attributes"] = resource.physical_id, resource.attributes
    record["Ref"] = resource.ref


def _handler_message(error: Exception) -> str:
    """An API's refusal as the registry's handlers report it."""
    if isinstance(error, ClientError):
        answer = error.response
        code, message = answer["Error"].get("Code", "Unknown"), answer["Error"].get("Message", str(error))
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        message = f"{message} (Operation: {error.operation_name}, Status Code: {status}, Error Code: {code})"
        handler_code = _handler_code(error, code)
    else:
        message, handler_code = str(error), "InternalFailure"
    return (
        f'Resource handler returned message: "{message}" '
        f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: {handler_code})"
    )


def _handler_code(error: ClientError, code: str) -> str:
    if re.search(r"AlreadyExist|AlreadyOwned|NameExists|EntityAlready|InUse", code):
        return "AlreadyExists"
    if is_missing(error):
        return "NotFound"
    if "AccessDenied" in code or "Unauthorized" in code or code == "403":
        return "AccessDenied"
    if "Validation" in code or "Invalid" in code or "Malformed" in code:
        return "InvalidRequest"
    return "GeneralServiceException"
