"""What moto answers as if something had run, and nothing does: refused by name instead.

moto records a training job as Completed and invents an endpoint's prediction; a user would take both for real.
Services that have rooms of their own refuse there (``events/unsupported.py``, ``cloudformation/refusals.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore import xform_name

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service

_RUNS_NOTHING = {
    "athena": ("StartQueryExecution",),
    "batch": ("SubmitJob",),
    "ecs": ("RunTask", "StartTask", "CreateService"),
    "emr-serverless": ("StartJobRun",),
    "glue": ("StartJobRun", "StartCrawler", "StartWorkflowRun"),
    "lambda": ("Invoke", "InvokeAsync", "InvokeWithResponseStream"),
    "sagemaker": (
        "CreateAutoMLJobV2",
        "CreateCluster",
        "CreateCompilationJob",
        "CreateEndpoint",
        "CreateHyperParameterTuningJob",
        "CreateNotebookInstance",
        "CreateTrainingJob",
    ),
    "sagemaker-runtime": ("InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream"),
    "ssm": ("SendCommand",),
    "stepfunctions": ("StartExecution", "StartSyncExecution"),
}


def _refusal(service: str, operation: str) -> Callable[[Service, Caller, Request], Response]:
    def refuse(self: Service, caller: Caller, request: Request) -> Response:
        raise ServiceError("NotImplemented", f"localaws does not implement {service}:{operation}: nothing runs.", 501)

    return refuse


def _refusing(service: str, operations: tuple[str, ...]) -> type[Service]:
    methods: dict[str, Any] = {xform_name(operation): _refusal(service, operation) for operation in operations}
    return type(f"Pretences of {service}", (Service,), {"service": service, **methods})


SERVICES: tuple[type[Service], ...] = tuple(_refusing(*each) for each in _RUNS_NOTHING.items())
