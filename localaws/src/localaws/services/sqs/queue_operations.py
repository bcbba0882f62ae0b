"""A queue keeps its policy when other attributes of it are set; moto would forget it, and the queue would be closed.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.operations import Companion
from localaws.core.service import Service
from localaws.core.wire import HttpResponse, OperationRequest

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class Queues(Service):
    service = "sqs"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        cloud.operations.accompany("sqs", PolicyCompanion(cloud))


class PolicyCompanion(Companion):
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._former: dict[int, str] = {}  # policies by request, while moto answers it

    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        if _keeps_policy(request):
            policy = self._policy(caller, str(request.parameters["QueueUrl"]))
            if policy:
                self._former[id(request)] = policy
        return {}

    def after(self, caller: Caller, request: OperationRequest, response: HttpResponse) -> HttpResponse:
        policy = self._former.pop(id(request), None)
        if policy and response.status < 300:
            url = request.parameters["QueueUrl"]
            self._sqs(caller, url).set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return response

    def _policy(self, caller: Caller, url: str) -> str | None:
        sqs = self._sqs(caller, url)
        try:
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        except sqs.exceptions.QueueDoesNotExist:  # moto says so itself
            return None
        return found.get("Attributes", {}).get("Policy") or None

    def _sqs(self, caller: Caller, url: str) -> Any:
        account = url.rstrip("/").rpartition("/")[0].rpartition("/")[2]
        return self._cloud.client("sqs", Caller.root(account if account.isdigit() else caller.account, caller.region))


def _keeps_policy(request: OperationRequest) -> bool:
    return request.operation.name == "SetQueueAttributes" and "Policy" not in request.parameters.get("Attributes", {})
