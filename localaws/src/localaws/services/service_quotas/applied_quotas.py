"""What each account may use in each region: the default of a quota until an increase is granted."""

from __future__ import annotations

from localaws.core.store import Store
from localaws.services.service_quotas.sagemaker_quotas import sagemaker_quotas


class AppliedQuotas:
    def __init__(self, store: Store) -> None:
        self._table = store.table("service-quotas.applied")

    def value(self, account: str, region: str, name: str) -> float:
        """The value of one of SageMaker's quotas, by its name."""
        granted = self._table.get(f"{account}/{region}/{name}")
        return float(granted["Value"]) if granted else sagemaker_quotas()[name].default

    def grant(self, account: str, region: str, name: str, value: float) -> None:
        self._table.put(f"{account}/{region}/{name}", {"Value": value})
