"""EventBridge's documents: event buses and rules with their targets, by account, region and bus.

Buses are in table ``events.bus`` (``account/region/name``), rules in ``events.rule`` (``account/region/bus/name``).
Every account has a bus ``default`` in every region, which is written down only once something about it is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.pages import Pages
from localaws.core.partitions import partition_of

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

DEFAULT_BUS = "default"
PAGES = Pages("ValidationException", "NextToken is not valid.", size="Limit")


class Records:
    def __init__(self, cloud: Cloud) -> None:
        self.buses = cloud.store.table("events.bus")
        self.rules = cloud.store.table("events.rule")

    def bus(self, account: str, region: str, name: str) -> Document | None:
        """A bus with ``Name``, ``Arn``, ``Tags`` and where set ``Policy``, ``Description`` ...; None if absent."""
        found = self.buses.get(f"{account}/{region}/{name}")
        if found is None and name == DEFAULT_BUS:
            return {"Name": name, "Arn": bus_arn(account, region, name), "Tags": []}
        return found

    def bus_of(self, caller: Caller, name_or_arn: str | None) -> Document:
        """The caller's own bus. ResourceNotFoundException where it has none of this name."""
        name = bus_name(name_or_arn or DEFAULT_BUS)
        found = self.bus(caller.account, caller.region, name)
        if found is None or ((name_or_arn or "").startswith("arn:") and name_or_arn != found["Arn"]):
            raise ServiceError("ResourceNotFoundException", f"Event bus {name} does not exist.")
        return found

    def save_bus(self, caller: Caller, bus: Document) -> None:
        self.buses.put(f"{caller.account}/{caller.region}/{bus['Name']}", bus)

    def rule_key(self, caller: Caller, name: str, bus: str | None) -> str:
        return f"{caller.account}/{caller.region}/{self.bus_of(caller, bus)['Name']}/{name}"

    def rule_of(self, caller: Caller, name: str, bus: str | None) -> Document:
        found = self.rules.get(self.rule_key(caller, name, bus))
        if found is None:
            on = bus_name(bus or DEFAULT_BUS)
            raise ServiceError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {on}.")
        return found

    def rules_on(self, account: str, region: str, bus: str) -> list[Document]:
        return self.rules.values(f"{account}/{region}/{bus}/")


def bus_arn(account: str, region: str, name: str) -> str:
    return f"arn:{partition_of(region)}:events:{region}:{account}:event-bus/{name}"


def bus_name(name_or_arn: str) -> str:
    return name_or_arn.split("event-bus/", 1)[1] if name_or_arn.startswith("arn:") else name_or_arn


def rule_arn(caller: Caller, name: str, bus: str) -> str:
    return caller.resource_arn("events", f"rule/{name}" if bus == DEFAULT_BUS else f"rule/{bus}/{name}")


def enabled(rule: Document) -> bool:
    return str(rule["State"]) != "DISABLED"
