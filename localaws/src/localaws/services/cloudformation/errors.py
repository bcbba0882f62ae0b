"""Why CloudFormation refuses a request or gives up a resource, in AWS's own words."""

from __future__ import annotations

from localaws.core.errors import ServiceError


class TemplateError(ServiceError):
    """The template, or what was given for its parameters, is refused before anything happens."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", message)


class ResourceError(Exception):
    """One resource could not be made, changed or removed. ``reason`` is what its stack event says."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
