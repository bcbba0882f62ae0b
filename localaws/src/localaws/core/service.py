"""What a service is: a class whose public methods are AWS operations, dicts in and dicts out.

``CodePipeline.get_pipeline_state(caller, request) -> response`` uses AWS's own names; no HTTP, XML or moto in sight.
The front door has parsed and validated the request by the service model before the method runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from localaws.core.caller import Caller
    from localaws.core.cloud import Cloud
    from localaws.front_door.protocol import HttpResponse, OperationRequest

Request = dict[str, Any]
Response = dict[str, Any]


class Service:
    """Base of every service.

    Each public method is an operation of the botocore service named by ``service``, called in snake case as boto3
    does, with the signature ``(self, caller: Caller, request: Request) -> Response``. A service with many operations
    may be several classes of one ``service`` name. Registration fails for a public method that is no operation.
    Errors are raised as ``ServiceError``.
    """

    service: ClassVar[str]

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud


class Companion:
    """Stands beside moto for one service: sees each operation that moto answers, before and after it does.

    For what a service adds to moto without replacing it: a check that moto lacks, an event that AWS would emit.
    """

    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        """Headers to add to the request that moto reads. Raise ServiceError to refuse it; moto is then not asked."""
        return {}

    def after(self, caller: Caller, request: OperationRequest, response: HttpResponse) -> HttpResponse:
        """What the client receives: ``response`` itself, or another one."""
        return response
