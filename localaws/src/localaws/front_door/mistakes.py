"""What is wrong with a request, as the error that its service answers: before it is performed, and where moto raises.

Only what AWS's service model says is judged here. A request that moto fails on with an exception of Python is told as
the client's mistake that it nearly always is, in words that leave the other possibility open; what moto says by its own
errors stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import OperationModel

from localaws.core.errors import ServiceError
from localaws.core.validation import type_problems, validation_problems
from localaws.core.wire import OperationRequest

# Codes of errors that say that a thing which is named does not exist.
_ABSENT = re.compile(r"NotFound|NoSuch|DoesNotExist|NotExist")
_INVALID = {"query": "ValidationError", "ec2": "InvalidParameterValue", "rest-xml": "InvalidArgument"}
_INVALID_BY_SERVICE = {"sns": "InvalidParameter", "sqs": "InvalidParameterValue", "sts": "ValidationError"}


def refuse_invalid(request: OperationRequest) -> None:
    """Raise for whatever the service model does not allow."""
    _refuse(request, validation_problems(request.parameters, request.operation.input_shape))


def refuse_incomplete(request: OperationRequest) -> None:
    """Raise for members that are missing or of another type; values are left to moto to judge."""
    _refuse(request, type_problems(request.parameters, request.operation.input_shape))


def refuse_members(request: OperationRequest, reasons: Mapping[str, str]) -> None:
    """Raise for a member that is given and that localaws would not look at. False and nothing are not given."""
    for member, why in reasons.items():
        if request.parameters.get(member):
            called = f"{request.service}:{request.operation.name}"
            raise ServiceError("NotImplemented", f"localaws does not implement {member} of {called}: {why}.", 501)


def failure(request: OperationRequest, error: Exception) -> ServiceError:
    """What to answer where moto raised an exception that is none of AWS's errors."""
    name = str(error.args[0]) if isinstance(error, KeyError) and error.args else ""
    code = _absent_code(request.operation)
    if code and name and name in _texts(request.parameters):
        return ServiceError(code, f"{name} does not exist.")
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ServiceError(
        _invalid_code(request),
        f"{request.operation.name} cannot be performed with these parameters ({told}): something that they name does "
        "not exist, a value has another form than AWS asks for, or localaws' moto cannot do what is asked.",
    )


def _refuse(request: OperationRequest, problems: list[str]) -> None:
    if not problems:
        return
    errors = "error" if len(problems) == 1 else "errors"
    raise ServiceError(_invalid_code(request), f"{len(problems)} validation {errors} detected: {'; '.join(problems)}")


def _invalid_code(request: OperationRequest) -> str:
    default = _INVALID.get(request.protocol, "ValidationException")
    return _INVALID_BY_SERVICE.get(request.service, default) if request.protocol != "json" else default


def _absent_code(operation: OperationModel) -> str | None:
    return next((shape.error_code for shape in operation.error_shapes if _ABSENT.search(shape.name)), None)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a request's parameters."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
