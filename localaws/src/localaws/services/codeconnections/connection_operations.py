"""Connections: created PENDING as on AWS, AVAILABLE once their repositories are mapped to local git folders.

Where a person would finish the handshake with the provider in the console, here somebody posts the mapping:

    POST /_localaws/connections
    {"connection_arn": "arn:...", "repositories": {"owner/name": "/path/to/a/git/folder"}}

https://docs.aws.amazon.com/codeconnections/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Request as HttpRequest
from werkzeug.wrappers import Response as HttpResponse

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.pages import Pages
from localaws.core.service import Request, Response, Service
from localaws.services.codeconnections import sources

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

PAGE = "/_localaws/connections"
_SHOWN = ("ConnectionName", "ConnectionArn", "ProviderType", "OwnerAccountId", "ConnectionStatus", "HostArn")
_PAGES = Pages("ValidationException")


class CodeConnections(Service):
    service = "codeconnections"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._connections = cloud.store.table(sources.TABLE)

    def create_connection(self, caller: Caller, request: Request) -> Response:
        if "HostArn" in request:
            raise ServiceError("NotImplemented", "localaws has no hosts: leave HostArn out.", 501)
        if "ProviderType" not in request:
            raise ServiceError("ValidationException", "ProviderType or HostArn is required")
        identifier = str(uuid.uuid4())
        arn = caller.resource_arn(self.service, f"connection/{identifier}")
        connection = {
            "ConnectionName": request["ConnectionName"],
            "ConnectionArn": arn,
            "ProviderType": request["ProviderType"],
            "OwnerAccountId": caller.account,
            "ConnectionStatus": "PENDING",
            "Tags": request.get("Tags", []),
            "Repositories": {},
        }
        self._connections.put(identifier, connection)
        return {"ConnectionArn": arn, "Tags": connection["Tags"]}

    def get_connection(self, caller: Caller, request: Request) -> Response:
        return {"Connection": _shown(self._existing(caller, request["ConnectionArn"]))}

    def list_connections(self, caller: Caller, request: Request) -> Response:
        provider = request.get("ProviderTypeFilter")
        mine = [
            _shown(connection)
            for connection in self._connections.values()
            if _place(connection["ConnectionArn"]) == (caller.region, caller.account)
            and provider in (None, connection["ProviderType"])
        ]
        shown, more = _PAGES.of(mine, request, lambda connection: str(connection["ConnectionArn"]))
        return {"Connections": shown, **more}

    def delete_connection(self, caller: Caller, request: Request) -> Response:
        connection = self._existing(caller, request["ConnectionArn"])
        self._connections.delete(sources.connection_id(connection["ConnectionArn"]))
        return {}

    def list_tags_for_resource(self, caller: Caller, request: Request) -> Response:
        return {"Tags": self._existing(caller, request["ResourceArn"])["Tags"]}

    def tag_resource(self, caller: Caller, request: Request) -> Response:
        added = {tag["Key"] for tag in request["Tags"]}
        self._retag(caller, request["ResourceArn"], added, request["Tags"])
        return {}

    def untag_resource(self, caller: Caller, request: Request) -> Response:
        self._retag(caller, request["ResourceArn"], set(request["TagKeys"]), [])
        return {}

    def _retag(self, caller: Caller, arn: str, removed: set[str], added: list[dict[str, str]]) -> None:
        connection = self._existing(caller, arn)
        connection["Tags"] = [tag for tag in connection["Tags"] if tag["Key"] not in removed] + added
        self._connections.put(sources.connection_id(arn), connection)

    def _existing(self, caller: Caller, arn: str) -> dict[str, Any]:
        connection = self._connections.get(sources.connection_id(arn))
        # Either name of the service answers for a connection made by the other.
        if connection is None or connection["ConnectionArn"] != arn or _place(arn) != (caller.region, caller.account):
            raise ServiceError("ResourceNotFoundException", f"Connection {arn} not found")
        return connection


class CodeStarConnections(CodeConnections):
    """The same by the name and the ARNs that it had before 2024. It also mounts the page and starts the watching."""

    service = "codestar-connections"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        cloud.operations.mount(PAGE, MappingPage(cloud))
        cloud.on_start(lambda: _start_watching(cloud))


def _start_watching(cloud: Cloud) -> None:
    cloud.workers.start_lasting("connections", lambda: sources.watch(cloud))


class MappingPage:
    """The WSGI application behind ``/_localaws/connections``: GET lists the mappings, POST makes one."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = HttpRequest(environ)
        try:
            if request.method == "POST":
                self._map(request.get_json(force=True))
            shown = [
                {**_shown(connection), "Repositories": connection["Repositories"]}
                for connection in self._cloud.store.table(sources.TABLE).values()
            ]
            response = HttpResponse(json.dumps({"connections": shown}) + "\n", content_type="application/json")
        except HTTPException as error:
            response = HttpResponse(f"{error.description}\n", error.code, content_type="text/plain")
        return response(environ, start_response)

    def _map(self, given: Any) -> None:
        arn = given.get("connection_arn") if isinstance(given, dict) else None
        repositories = given.get("repositories") if isinstance(given, dict) else None
        if not isinstance(arn, str) or not isinstance(repositories, dict):
            raise BadRequest("expected {'connection_arn': ARN, 'repositories': {'owner/name': folder}}")
        for repository, folder in repositories.items():
            if not sources.is_repository(Path(str(folder))):
                raise BadRequest(f"{folder}, given for {repository}, is not a git repository")
        try:
            with self._cloud.store.table(sources.TABLE).edit(sources.connection_id(arn)) as connection:
                connection["Repositories"] |= repositories
                connection["ConnectionStatus"] = "AVAILABLE"
        except KeyError as error:
            raise BadRequest(f"connection {arn} does not exist") from error
        for repository, folder in repositories.items():
            sources.remember_heads(self._cloud, arn, repository, Path(str(folder)))


def _shown(connection: dict[str, Any]) -> dict[str, Any]:
    return {name: connection[name] for name in _SHOWN if name in connection}


def _place(arn: str) -> tuple[str, str]:
    connection = Arn.parse(arn)
    return connection.region, connection.account
