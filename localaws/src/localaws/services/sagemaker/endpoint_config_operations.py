"""The operations on endpoint configurations. Their models are kept here, so they are too; no endpoint is made of them.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.sagemaker import listing
from localaws.services.sagemaker.model_records import ModelRecords

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class EndpointConfigs(Service):
    service = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._models = ModelRecords(cloud)
        self._table = cloud.store.table("sagemaker.endpoint_config")
        self._tags = cloud.store.table("sagemaker.tags")

    def create_endpoint_config(self, caller: Caller, request: Request) -> Response:
        name = request["EndpointConfigName"]
        arn = caller.resource_arn("sagemaker", f"endpoint-config/{name}")
        for variant in [*request["ProductionVariants"], *(request.get("ShadowProductionVariants") or [])]:
            self._refuse_variant(caller, variant)
        description = {
            **{member: value for member, value in request.items() if member != "Tags"},
            "EndpointConfigArn": arn,
            "CreationTime": self._cloud.clock.now(),
        }
        with self._cloud.store.lock:
            if self._table.get(_key(caller, name)) is not None:
                raise _invalid(f'Cannot create already existing endpoint configuration "{arn}".')
            self._table.put(_key(caller, name), description)
            self._tags.put(arn, {"Tags": request.get("Tags", [])})
        return {"EndpointConfigArn": arn}

    def describe_endpoint_config(self, caller: Caller, request: Request) -> Response:
        return self._get(caller, request["EndpointConfigName"])

    def list_endpoint_configs(self, caller: Caller, request: Request) -> Response:
        kept = list(self._table.values(f"{caller.account}/{caller.region}/"))
        found = listing.select(kept, request, "EndpointConfigName", "EndpointConfigArn", "Descending")
        answer = listing.page(found, request, "EndpointConfigs")
        wanted = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
        answer["EndpointConfigs"] = [{member: one[member] for member in wanted} for one in answer["EndpointConfigs"]]
        return answer

    def delete_endpoint_config(self, caller: Caller, request: Request) -> Response:
        found = self._get(caller, request["EndpointConfigName"])
        self._table.delete(_key(caller, request["EndpointConfigName"]))
        self._tags.delete(found["EndpointConfigArn"])
        return {}

    def _refuse_variant(self, caller: Caller, variant: dict[str, Any]) -> None:
        if variant.get("ModelName"):
            self._models.describe(caller, variant["ModelName"])
        if bool(variant.get("InstanceType")) == bool(variant.get("ServerlessConfig")):
            raise _invalid(f"Variant {variant['VariantName']} needs either an InstanceType or a ServerlessConfig.")

    def _get(self, caller: Caller, name: str) -> dict[str, Any]:
        found = self._table.get(_key(caller, name))
        if found is None:
            arn = caller.resource_arn("sagemaker", f"endpoint-config/{name}")
            raise _invalid(f'Could not find endpoint configuration "{arn}".')
        return found


def _key(caller: Caller, name: str) -> str:
    return f"{caller.account}/{caller.region}/{name}"


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
