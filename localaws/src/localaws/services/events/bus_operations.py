"""EventBridge's event buses: made, described, listed, opened to other accounts, tagged, deleted.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.policies.bus_policies import statement
from localaws.policies.document import listed, read
from localaws.policies.errors import PolicyError
from localaws.services.events.records import DEFAULT_BUS, PAGES, Records, bus_arn

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

_SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
_LONGEST_POLICY = 10240


class EventBuses(Service):
    service = "events"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)

    def create_event_bus(self, caller: Caller, request: Request) -> Response:
        name = request["Name"]
        if "EventSourceName" in request or "/" in name:
            raise ServiceError("NotImplemented", "localaws has no partner event sources.", 501)
        if self._records.bus(caller.account, caller.region, name) is not None:
            raise ServiceError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
        now = self._cloud.clock.now()
        bus: Document = {
            "Name": name,
            "Arn": bus_arn(caller.account, caller.region, name),
            "Tags": request.get("Tags", []),
            "CreationTime": now,
            "LastModifiedTime": now,
            **_settings(request),
        }
        self._records.save_bus(caller, bus)
        return {"EventBusArn": bus["Arn"], **_settings(request)}

    def describe_event_bus(self, caller: Caller, request: Request) -> Response:
        return _shown(self._records.bus_of(caller, request.get("Name")))

    def list_event_buses(self, caller: Caller, request: Request) -> Response:
        buses = self._records.buses.values(f"{caller.account}/{caller.region}/")
        if not any(bus["Name"] == DEFAULT_BUS for bus in buses):
            buses.insert(0, self._records.bus_of(caller, DEFAULT_BUS))
        named = [_shown(bus) for bus in buses if bus["Name"].startswith(request.get("NamePrefix", ""))]
        shown, more = PAGES.of(named, request, lambda bus: str(bus["Name"]))
        return {"EventBuses": shown, **more}

    def update_event_bus(self, caller: Caller, request: Request) -> Response:
        bus = self._records.bus_of(caller, request.get("Name"))
        bus |= _settings(request)
        self._save(caller, bus)
        return {"Arn": bus["Arn"], "Name": bus["Name"], **_settings(bus)}

    def delete_event_bus(self, caller: Caller, request: Request) -> Response:
        name = request["Name"]
        if name == DEFAULT_BUS:
            raise ServiceError("ValidationException", "Cannot delete event bus default.")
        if self._records.rules_on(caller.account, caller.region, name):
            raise ServiceError("ValidationException", f"Cannot delete event bus {name} since it has rules.")
        self._records.buses.delete(f"{caller.account}/{caller.region}/{name}")
        return {}

    def put_permission(self, caller: Caller, request: Request) -> Response:
        bus = self._records.bus_of(caller, request.get("EventBusName"))
        if "Policy" in request:
            bus["Policy"] = _policy(request["Policy"])
        else:
            missing = [name for name in ("StatementId", "Principal", "Action") if name not in request]
            if missing:
                raise ServiceError("ValidationException", f"Parameter(s) {', '.join(missing)} must be specified.")
            added = statement(
                request["StatementId"], request["Principal"], request["Action"], bus["Arn"], request.get("Condition")
            )
            _policy(json.dumps({"Statement": added}))
            kept = [s for s in _statements(bus) if s.get("Sid") != request["StatementId"]]
            bus["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": [*kept, added]})
        if len(bus["Policy"]) > _LONGEST_POLICY:
            raise ServiceError("PolicyLengthExceededException", f"The policy is longer than {_LONGEST_POLICY}.")
        self._save(caller, bus)
        return {}

    def remove_permission(self, caller: Caller, request: Request) -> Response:
        bus = self._records.bus_of(caller, request.get("EventBusName"))
        if request.get("RemoveAllPermissions"):
            bus.pop("Policy", None)
            self._save(caller, bus)
            return {}
        if "Policy" not in bus:
            raise ServiceError("ResourceNotFoundException", f"EventBus {bus['Name']} does not have a policy.")
        kept = [s for s in _statements(bus) if s.get("Sid") != request.get("StatementId")]
        if len(kept) == len(_statements(bus)):
            raise ServiceError(
                "ResourceNotFoundException", f"Statement with the provided id {request.get('StatementId')} not found."
            )
        bus.pop("Policy")
        if kept:
            bus["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": kept})
        self._save(caller, bus)
        return {}

    def _save(self, caller: Caller, bus: Document) -> None:
        bus["LastModifiedTime"] = self._cloud.clock.now()
        self._records.save_bus(caller, bus)


def _policy(text: str) -> str:
    try:
        read(text, "resource")
    except PolicyError as error:
        raise ServiceError("ValidationException", f"The policy is not valid: {error}.") from error
    return text


def _statements(bus: Document) -> list[dict[str, Any]]:
    """As they were put, to put one more or one less: what they mean is read elsewhere."""
    return listed(json.loads(bus["Policy"])["Statement"]) if "Policy" in bus else []


def _settings(source: dict[str, Any]) -> dict[str, Any]:
    return {name: source[name] for name in _SETTINGS if name in source}


def _shown(bus: Document) -> dict[str, Any]:
    return {name: value for name, value in bus.items() if name != "Tags"}
