"""Why an invocation of a target failed, and whether trying again can help. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from localaws.core.errors import ServiceError

_THROTTLED = ("Throttl", "TooManyRequests", "LimitExceeded", "SlowDown", "RequestLimit")
_ABSENT = ("NotFound", "DoesNotExist", "NonExistent", "NoSuch", "ResourceNotFound")
_DENIED = ("AccessDenied", "Unauthorized", "AuthorizationError", "NotAuthorized")
_INVALID = ("Validation", "InvalidParameter", "InvalidInput", "InvalidArgument", "ParamValidation")


class InvocationError(Exception):
    """A target that could not be invoked. ``code`` is what the dead-letter queue is told (``NO_RESOURCE`` ...),
    ``target_code`` the target's own error code where it gave one."""

    def __init__(self, code: str, message: str, *, retriable: bool = False, target_code: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retriable = retriable
        self.target_code = target_code or code


def explained(error: Exception) -> InvocationError:
    """An error of a call to a target, as EventBridge classifies it."""
    if isinstance(error, InvocationError):
        return error
    if isinstance(error, ClientError):
        details = error.response["Error"]
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return _classified(str(details.get("Code", "")), str(details.get("Message", "")), status)
    if isinstance(error, ServiceError):
        return _classified(error.code, error.message, error.status)
    return InvocationError("INTERNAL_ERROR", f"{type(error).__name__}: {error}", retriable=True)


def _classified(code: str, message: str, status: int) -> InvocationError:
    if any(word in code for word in _THROTTLED):
        return InvocationError("THROTTLING", message, retriable=True, target_code=code)
    if any(word in code for word in _DENIED):
        return InvocationError("NO_PERMISSIONS", message, target_code=code)
    if any(word in code for word in _ABSENT):
        return InvocationError("NO_RESOURCE", message, target_code=code)
    if any(word in code for word in _INVALID):
        return InvocationError("INVALID_PARAMETER", message, target_code=code)
    # 501 is what localaws itself does not do: no use in asking again.
    return InvocationError("ERROR_FROM_TARGET", message, retriable=status >= 500 and status != 501, target_code=code)
