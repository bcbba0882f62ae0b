"""What EventBridge has and localaws has not: refused by name, for moto would accept it and nothing would happen."""

from __future__ import annotations

from typing import NoReturn

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service


class Unsupported(Service):
    service = "events"

    def create_archive(self, caller: Caller, request: Request) -> Response:
        _refuse("CreateArchive", "keep events in a queue by a rule instead")

    def start_replay(self, caller: Caller, request: Request) -> Response:
        _refuse("StartReplay", "put the events again by PutEvents")

    def create_connection(self, caller: Caller, request: Request) -> Response:
        _refuse("CreateConnection", "it delivers to no HTTP endpoint")

    def create_api_destination(self, caller: Caller, request: Request) -> Response:
        _refuse("CreateApiDestination", "it delivers to no HTTP endpoint")

    def create_endpoint(self, caller: Caller, request: Request) -> Response:
        _refuse("CreateEndpoint", "it has no global endpoints")

    def create_partner_event_source(self, caller: Caller, request: Request) -> Response:
        _refuse("CreatePartnerEventSource", "it has no partner event sources")

    def put_partner_events(self, caller: Caller, request: Request) -> Response:
        _refuse("PutPartnerEvents", "it has no partner event sources")


def _refuse(operation: str, hint: str) -> NoReturn:
    raise ServiceError("NotImplemented", f"localaws does not implement events:{operation}: {hint}.", 501)
