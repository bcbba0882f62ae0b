"""The operations of Service Quotas: quotas are listed, told one by one, and increased at once.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_Operations.html
"""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import servicequotas_backends

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.pages import Pages
from localaws.core.service import Request, Response, Service
from localaws.services.service_quotas.applied_quotas import AppliedQuotas
from localaws.services.service_quotas.sagemaker_quotas import SERVICE_CODE, Quota, sagemaker_quotas

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_PAGES = Pages("InvalidPaginationTokenException", "Invalid pagination token.", most=100)
_LETTERS = string.ascii_letters + string.digits
_REQUEST_ID = 40


class ServiceQuotas(Service):
    service = "service-quotas"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._applied = AppliedQuotas(cloud.store)
        self._requests = cloud.store.table("service-quotas.requests")

    def list_service_quotas(self, caller: Caller, request: Request) -> Response:
        wanted = request.get("QuotaCode")
        found = [each for each in self._quotas(caller, request) if wanted in (None, each["QuotaCode"])]
        return _page(found, request)

    def list_aws_default_service_quotas(self, caller: Caller, request: Request) -> Response:
        return _page(self._quotas(caller, request, applied=False), request)

    def get_service_quota(self, caller: Caller, request: Request) -> Response:
        return {"Quota": _by_code(self._quotas(caller, request), request)}

    def get_aws_default_service_quota(self, caller: Caller, request: Request) -> Response:
        return {"Quota": _by_code(self._quotas(caller, request, applied=False), request)}

    def request_service_quota_increase(self, caller: Caller, request: Request) -> Response:
        if request["ServiceCode"] != SERVICE_CODE:
            code = request["ServiceCode"]
            raise ServiceError(
                "NotImplemented", f"localaws increases SageMaker's quotas alone, not those of {code}.", 501
            )
        quota, wanted = _by_code(self._quotas(caller, request), request), request["DesiredValue"]
        if wanted <= quota["Value"]:
            raise ServiceError(
                "IllegalArgumentException", "You must provide a quota value greater than the current quota value."
            )
        self._applied.grant(caller.account, caller.region, quota["QuotaName"], wanted)
        now = self._cloud.clock.now()
        change = {
            "Id": "".join(secrets.choice(_LETTERS) for _ in range(_REQUEST_ID)),
            **{name: quota[name] for name in ("ServiceCode", "ServiceName", "QuotaCode", "QuotaName", "QuotaArn")},
            **{"DesiredValue": wanted, "Status": "APPROVED", "Created": now, "LastUpdated": now},
            **{"Requester": caller.arn, "GlobalQuota": False, "Unit": "None", "QuotaRequestedAtLevel": "ACCOUNT"},
        }
        self._requests.put(f"{caller.account}/{caller.region}/{change['Id']}", change)
        return {"RequestedQuota": change}

    def get_requested_service_quota_change(self, caller: Caller, request: Request) -> Response:
        found = self._requests.get(f"{caller.account}/{caller.region}/{request['RequestId']}")
        if found is None:
            raise _unknown(f"There is no request {request['RequestId']}.")
        return {"RequestedQuota": found}

    def list_requested_service_quota_change_history(self, caller: Caller, request: Request) -> Response:
        found = [
            each
            for each in self._requests.values(f"{caller.account}/{caller.region}/")
            if request.get("ServiceCode") in (None, each["ServiceCode"])
            and request.get("Status") in (None, each["Status"])
        ]
        shown, more = _PAGES.of(found, request, lambda each: str(each["Id"]))
        return {"RequestedQuotas": shown, **more}

    def _quotas(self, caller: Caller, request: Request, applied: bool = True) -> list[dict[str, Any]]:
        """The quotas of the service that the request names; NoSuchResourceException where none are known."""
        code = request["ServiceCode"]
        if code == SERVICE_CODE:
            return [self._described(caller, each, applied) for each in sagemaker_quotas().values()]
        try:
            backend = servicequotas_backends[caller.account][caller.region]
            return list(backend.list_aws_default_service_quotas(code))
        except NoSuchResource as error:
            raise _unknown(f"The request failed because the specified service {code} does not exist.") from error

    def _described(self, caller: Caller, quota: Quota, applied: bool) -> dict[str, Any]:
        value = self._applied.value(caller.account, caller.region, quota.name) if applied else quota.default
        return {
            "ServiceCode": SERVICE_CODE,
            "ServiceName": "Amazon SageMaker",
            "QuotaArn": caller.resource_arn("servicequotas", f"{SERVICE_CODE}/{quota.code}"),
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "Value": float(value),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
            "QuotaAppliedAtLevel": "ACCOUNT",
        }


def _by_code(quotas: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    code = request["QuotaCode"]
    for each in quotas:
        if each["QuotaCode"] == code:
            return each
    raise _unknown(f"The request failed because the specified quota {code} does not exist.")


def _page(quotas: list[dict[str, Any]], request: Request) -> Response:
    shown, more = _PAGES.of(quotas, request, lambda each: str(each["QuotaCode"]))
    return {"Quotas": shown, **more}


def _unknown(message: str) -> ServiceError:
    return ServiceError("NoSuchResourceException", message)
