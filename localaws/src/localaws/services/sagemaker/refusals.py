"""What SageMaker runs and localaws does not: moto would record it as done, or as being in service."""

from __future__ import annotations

from localaws.core.refusals import refusing

_NOTHING_RUNS = (
    "CreateAutoMLJobV2",
    "CreateCluster",
    "CreateCompilationJob",
    "CreateEndpoint",
    "CreateHyperParameterTuningJob",
    "CreateNotebookInstance",
    "CreateTrainingJob",
)

REFUSALS = (refusing("sagemaker", dict.fromkeys(_NOTHING_RUNS, "nothing runs")),)
