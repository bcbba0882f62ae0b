"""A pipeline step whose arguments are the AWS request itself, as the API reference of its job documents it.

The SDK's processors and transformers refuse pipeline parameters in several places (instance counts, keys of local
code), and add timestamps and uploads of their own. A request written out has none of that: every value may be a
parameter, rendering is deterministic and calls nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sagemaker.core.workflow.properties import Properties
from sagemaker.mlops.workflow.retry import RetryPolicy
from sagemaker.mlops.workflow.steps import ConfigurableRetryStep, StepTypeEnum

_DESCRIBED_AS = {
    StepTypeEnum.PROCESSING: "DescribeProcessingJobResponse",
    StepTypeEnum.TRANSFORM: "DescribeTransformJobResponse",
    StepTypeEnum.TRAINING: "DescribeTrainingJobResponse",
}


class RequestStep(ConfigurableRetryStep):  # type: ignore[misc]  # the SDK is untyped
    """A step that sends ``request`` (CreateProcessingJob, CreateTransformJob, ...) without the job's name.

    ``properties`` refers to what the matching Describe call answers, so that a later step can use it.
    """

    def __init__(
        self,
        name: str,
        step_type: StepTypeEnum,
        request: Mapping[str, Any],
        *,
        display_name: str | None = None,
        description: str | None = None,
        depends_on: Sequence[Any] | None = None,
        retry_policies: Sequence[RetryPolicy] | None = None,
    ) -> None:
        super().__init__(
            name=name,
            step_type=step_type,
            display_name=display_name,
            description=description,
            depends_on=list(depends_on) if depends_on else None,
            retry_policies=list(retry_policies) if retry_policies else None,
        )
        self._request = dict(request)
        self._properties = Properties(step_name=name, step=self, shape_name=_DESCRIBED_AS[step_type])

    @property
    def arguments(self) -> dict[str, Any]:
        """The request, with pipeline variables in it."""
        return self._request

    @property
    def properties(self) -> Properties:
        """References to the job's description."""
        return self._properties
