"""Calls of SageMaker's API on a step's behalf, their errors turned into the step's failure."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from localaws.core.validation import validation_problems
from localaws.services.sagemaker.pipelines.retry import exception_of_error
from localaws.services.sagemaker.pipelines.steps.contract import StepFailed, StepRun


def call(run: StepRun, operation: str, request: dict[str, Any], service: str = "sagemaker") -> dict[str, Any]:
    """Call an operation (``CreateModel``) as the pipeline's role; raises StepFailed in SageMaker's words."""
    client = run.client(service)
    method = {name: python for python, name in client.meta.method_to_api_mapping.items()}[operation]
    # The client does not validate, and cannot write a member that the service model lacks.
    problems = validation_problems(request, client.meta.service_model.operation_model(operation).input_shape)
    if problems:
        raise _failure(service, operation, "; ".join(problems), "ValidationException", 400)
    try:
        return getattr(client, method)(**request)
    except ClientError as error:
        details, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        raise _failure(service, operation, details["Message"], details["Code"], status) from error


def _failure(service: str, operation: str, message: str, code: str, status: int) -> StepFailed:
    text = f"ClientError: Failed to invoke {service}:{operation}. Error Details: {message}"
    return StepFailed(text, exception_of_error(code, status))
