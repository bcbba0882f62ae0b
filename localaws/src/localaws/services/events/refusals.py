"""What EventBridge has and localaws has not: refused by name, for moto would accept it and nothing would happen."""

from __future__ import annotations

from localaws.core.refusals import refusing

_REFUSED = {
    "CreateArchive": "keep events in a queue by a rule instead",
    "StartReplay": "put the events again by PutEvents",
    "CreateConnection": "it does not deliver to HTTP endpoints",
    "CreateApiDestination": "it does not deliver to HTTP endpoints",
    "CreateEndpoint": "it has no global endpoints",
    "CreatePartnerEventSource": "it has no partner event sources",
    "PutPartnerEvents": "it has no partner event sources",
}

REFUSALS = (refusing("events", _REFUSED),)
