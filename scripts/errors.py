"""What can go wrong for a user, one class each, with the exit code that scripts and CI can rely on.

An error says what was wrong, what was found, and which command to run next. Anything else that is raised is a defect
of ours and ends with a traceback and exit code 1. ``docs/exit-codes.md`` is generated from this module.
"""

from __future__ import annotations

from typing import ClassVar


class DeploymentError(Exception):
    """Base of every error that a user can meet.

    ``problem`` is one sentence; ``found`` lists what was there instead, one line each; ``next_command`` is what to run
    or edit now, without which an error is no help.
    """

    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "The deployment failed"

    def __init__(self, problem: str, *, found: list[str] | None = None, next_command: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.found = found or []
        self.next_command = next_command


class UsageError(DeploymentError):
    """The command line is incomplete or contradicts itself."""

    exit_code = 2
    title = "Wrong arguments"


class SettingsError(DeploymentError):
    """A stage file, or an environment variable that overrides it, is invalid."""

    exit_code = 3
    title = "Invalid settings"


class CredentialsError(DeploymentError):
    """There are no credentials, or they are expired or unknown to AWS."""

    exit_code = 4
    title = "No usable credentials"


class AccessDeniedError(DeploymentError):
    """A permission is missing; the message names the account, the action and the role."""

    exit_code = 5
    title = "Access denied"


class FoundationError(DeploymentError):
    """The stage's account lacks the foundation, or part of it."""

    exit_code = 6
    title = "Foundation missing"


class ModelPackageError(DeploymentError):
    """There is no model package group, no Approved version, or a model or version that cannot be deployed."""

    exit_code = 7
    title = "No deployable model package"


class ReleaseError(DeploymentError):
    """A release is unknown, was edited, has another format, or is not verified in preprod."""

    exit_code = 8
    title = "Unusable release"


class ArtifactError(DeploymentError):
    """A model artifact is missing, differs from the pinned checksum, or could not be copied."""

    exit_code = 9
    title = "Artifact problem"


class DefinitionError(DeploymentError):
    """The pipeline definition is stale, was edited by hand, or does not match SageMaker's service model."""

    exit_code = 10
    title = "Unusable pipeline definition"


class StackError(DeploymentError):
    """A stack is busy, stuck, being changed by somebody else, or its change set failed (and was rolled back)."""

    exit_code = 11
    title = "CloudFormation stack problem"


class ExecutionError(DeploymentError):
    """An execution of the pipeline, or of the CodePipeline, failed or was stopped."""

    exit_code = 12
    title = "Execution failed"


class VerificationError(DeploymentError):
    """The execution succeeded, but its output does not pass the stage's thresholds."""

    exit_code = 13
    title = "Verification failed"


class LocalCloudError(DeploymentError):
    """The embedded AWS could not be started, reached or stopped."""

    exit_code = 14
    title = "Embedded AWS problem"


class StorageError(DeploymentError):
    """A file cannot be read or written: it is missing, a folder, no text, not yours, or the disk is full."""

    exit_code = 15
    title = "Cannot read or write"


class ServiceResponseError(DeploymentError):
    """AWS rejected a call for a reason that no other class covers, or did not answer."""

    exit_code = 16
    title = "AWS call failed"


class ApprovalError(DeploymentError):
    """No approval is waiting, it was already answered or rejected, or the approved plan no longer matches."""

    exit_code = 17
    title = "Approval problem"


class InputDataError(DeploymentError):
    """There is nothing to score: the input prefix of the stage holds no data."""

    exit_code = 18
    title = "No input data"


class CheckError(DeploymentError):
    """A file of this repository breaks one of its rules: a template, a buildspec or a generated page."""

    exit_code = 19
    title = "Check failed"


class ReadinessError(DeploymentError):
    """doctor found something wrong (with --strict: or unknown); its table shows each next command."""

    exit_code = 20
    title = "Not ready"


class InstallationError(DeploymentError):
    """The packages that the verbs need could not be installed; the installer's last lines say why."""

    exit_code = 21
    title = "Installing failed"


class GuardedStageError(DeploymentError):
    """Only the CodePipeline changes this stage; a person would have to break the glass, which is recorded and told."""

    exit_code = 22
    title = "Not changed by hand"


class DriftError(DeploymentError):
    """What is live is not what was released: somebody changed, deleted or replaced it past the deployment."""

    exit_code = 23
    title = "Drift"


class LedgerError(DeploymentError):
    """A stage's ledger is not whole: an entry was changed, replaced, put elsewhere, or is missing."""

    exit_code = 24
    title = "Ledger not whole"


INTERRUPTED = 130
