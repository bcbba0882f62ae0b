"""Search is refused: moto's would find nothing of what is kept here, and an empty answer would be a false one."""

from __future__ import annotations

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service


class Search(Service):
    service = "sagemaker"

    def search(self, caller: Caller, request: Request) -> Response:
        raise ServiceError(
            "NotImplemented",
            "localaws does not implement sagemaker:Search. Use the resource's own List operation, "
            "ListModelPackages or ListPipelineExecutions for instance.",
            501,
        )
