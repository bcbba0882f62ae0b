"""What SageMaker has and localaws does not: moto would record it as done, as being in service, or as not there."""

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
_REFUSED = {
    **dict.fromkeys(_NOTHING_RUNS, "it runs nothing of this kind"),
    "Search": "use the resource's own List operation, ListModelPackages or ListPipelineExecutions for instance",
}

REFUSALS = (refusing("sagemaker", _REFUSED),)
