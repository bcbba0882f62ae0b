"""What the executor and the types of steps agree on. A step type runs one attempt and answers the step's properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from localaws.services.sagemaker.pipelines.definition import Step

Properties = dict[str, Any]


class StepFailed(Exception):  # noqa: N818 (an outcome, not a defect)
    """The attempt failed. ``exception_type`` is the kind by which a retry policy may try again, or None."""

    def __init__(self, reason: str, exception_type: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exception_type = exception_type


class StepStopped(Exception):  # noqa: N818
    """The attempt ended because the execution is being stopped."""


class ServerStopping(Exception):  # noqa: N818
    """The server goes down: leave everything as it is; the next start settles what was running."""


class StepRun(Protocol):
    """One attempt of one step."""

    @property
    def step(self) -> Step: ...

    @property
    def arguments(self) -> dict[str, Any]:
        """Resolved: no expression is left in them."""

    @property
    def stopping(self) -> bool:
        """Whether the execution is being stopped."""

    def resolve(self, value: Any) -> Any: ...

    def client(self, service: str) -> Any:
        """A boto3 client that acts as the pipeline's role."""

    def job_name(self, prefix: str | None = None) -> str:
        """A new name for a job or model of this step, 63 characters at most; ``prefix`` stands for the step's name."""

    def started(self, metadata: dict[str, Any]) -> None:
        """Record what ListPipelineExecutionSteps shows as the step's Metadata, e.g. the ARN of its job."""

    def wait(self, seconds: float) -> None:
        """Pause; raises ServerStopping where the server goes down meanwhile."""

    def callback_token(self) -> str:
        """A new token by which somebody answers for this step."""

    def callback_answer(self, token: str) -> dict[str, Any] | None:
        """What was answered: ``{"OutputParameters": [...]}`` or ``{"FailureReason": "..."}``; None before."""

    @property
    def execution_arn(self) -> str: ...

    @property
    def pipeline_arn(self) -> str: ...


StepType = Callable[[StepRun], Properties]
StepTypes = Mapping[str, StepType]
