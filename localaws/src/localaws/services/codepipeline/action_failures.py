"""How an action ends otherwise than by succeeding."""

from __future__ import annotations

from botocore.exceptions import ClientError


class ActionFailedError(Exception):
    """``code`` is CodePipeline's: JobFailed, ConfigurationError, PermissionError, RevisionUnavailable ..."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def of(cls, doing: str, error: ClientError) -> ActionFailedError:
        """An AWS call that the action made was refused."""
        refused = error.response["Error"]
        denied = "AccessDenied" in refused["Code"] or refused["Code"] == "UnauthorizedOperation"
        code = "PermissionError" if denied else "ConfigurationError"
        return cls(code, f"{doing}: {refused['Message']} ({refused['Code']})")


class AbandonedError(Exception):
    """The execution was stopped without waiting for the action."""


class ServerStopsError(Exception):
    """The server goes down; the action is taken up or failed by the next one."""
