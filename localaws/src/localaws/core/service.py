"""What a service is: a class whose public methods are AWS operations, dicts in and dicts out.

``CodePipeline.get_pipeline_state(caller, request) -> response`` uses AWS's own names; no HTTP, XML or moto in sight.
The front door has parsed and validated the request by the service model before the method runs.
"""

from __future__ import annotations

from typing import ClassVar

from localaws.core.cloud import Cloud
from localaws.core.operations import Request, Response

# A service is written with these three.
__all__ = ["Request", "Response", "Service"]


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
