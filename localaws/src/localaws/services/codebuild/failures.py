"""Why a phase of a build failed, as CodeBuild writes it into the phase's context."""

from __future__ import annotations

from botocore.exceptions import ClientError


class PhaseError(Exception):
    """``code`` is CodeBuild's status code (CLIENT_ERROR, YAML_FILE_ERROR, COMMAND_EXECUTION_ERROR ...)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @classmethod
    def of(cls, doing: str, error: ClientError) -> PhaseError:
        """An AWS call that the build needed was refused."""
        refused = error.response["Error"]
        code = "ACCESS_DENIED" if "AccessDenied" in refused["Code"] else "CLIENT_ERROR"
        return cls(code, f"{doing}: {refused['Code']}: {refused['Message']}")
