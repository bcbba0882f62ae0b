"""Operations of services without a room of their own that moto answers as if something had run, and nothing does.

moto records a training job as Completed and invents an endpoint's prediction; a user would take both for real.
Services that have rooms refuse there (``events/refusals.py``, ``cloudformation/refusals.py``), by the same table.
"""

from __future__ import annotations

from localaws.core.refusals import refusing

_NOTHING_RUNS = {
    "athena": ("StartQueryExecution",),
    "batch": ("SubmitJob",),
    "ecs": ("RunTask", "StartTask", "CreateService"),
    "emr-serverless": ("StartJobRun",),
    "glue": ("StartJobRun", "StartCrawler", "StartWorkflowRun"),
    "lambda": ("Invoke", "InvokeAsync", "InvokeWithResponseStream"),
    "sagemaker-runtime": ("InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream"),
    "ssm": ("SendCommand",),
    "stepfunctions": ("StartExecution", "StartSyncExecution"),
}

# moto would look for stacks, or publish to subscriptions, where none are: localaws keeps them.
_ELSEWHERE = {
    "servicecatalog-appregistry": {"AssociateResource": "applications know no stacks"},
    "ses": dict.fromkeys(
        ("CreateConfigurationSetEventDestination", "SetIdentityNotificationTopic"), "mail announces nothing to topics"
    ),
    "textract": dict.fromkeys(("StartDocumentAnalysis", "StartDocumentTextDetection"), "it runs nothing of this kind"),
}

REFUSALS = (
    *(
        refusing(service, dict.fromkeys(operations, "it runs nothing of this kind"))
        for service, operations in _NOTHING_RUNS.items()
    ),
    *(refusing(service, operations) for service, operations in _ELSEWHERE.items()),
)
