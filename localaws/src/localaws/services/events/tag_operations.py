"""Tags of EventBridge's rules and event buses, by ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.arn import Arn, ArnError
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.events.records import DEFAULT_BUS, Records

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document, Table


class EventTags(Service):
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html"""

    service = "events"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)

    def list_tags_for_resource(self, caller: Caller, request: Request) -> Response:
        return {"Tags": self._tagged(caller, request["ResourceARN"])[2]["Tags"]}

    def tag_resource(self, caller: Caller, request: Request) -> Response:
        added = {tag["Key"] for tag in request["Tags"]}
        self._change(caller, request["ResourceARN"], added, request["Tags"])
        return {}

    def untag_resource(self, caller: Caller, request: Request) -> Response:
        self._change(caller, request["ResourceARN"], set(request["TagKeys"]), [])
        return {}

    def _change(self, caller: Caller, arn: str, removed: set[str], added: list[dict[str, str]]) -> None:
        table, key, document = self._tagged(caller, arn)
        document["Tags"] = [tag for tag in document["Tags"] if tag["Key"] not in removed] + added
        table.put(key, document)

    def _tagged(self, caller: Caller, arn: str) -> tuple[Table, str, Document]:
        try:
            kind, _, rest = Arn.parse(arn).resource.partition("/")
        except ArnError as error:
            raise ServiceError("ResourceNotFoundException", f"{arn} does not exist.") from error
        place = f"{caller.account}/{caller.region}"
        if kind == "event-bus":
            return self._records.buses, f"{place}/{rest}", self._records.bus_of(caller, arn)
        bus, _, name = rest.rpartition("/")
        key = f"{place}/{bus or DEFAULT_BUS}/{name}"
        rule = self._records.rules.get(key) if kind == "rule" else None
        if rule is None or rule["Arn"] != arn:
            raise ServiceError("ResourceNotFoundException", f"{arn} does not exist.")
        return self._records.rules, key, rule
