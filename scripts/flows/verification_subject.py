"""Reads what a verification of a stage speaks about, as it is now: live resources, code, thresholds, and the input.

Only reads. What runs is told by digests of what SageMaker and S3 have, not by what was once sent to them.
"""

from __future__ import annotations

from scripts.decisions.canonical import sha256_of
from scripts.decisions.containers import s3_location
from scripts.decisions.names import CODE_FOLDER
from scripts.decisions.schedule_switch import PARAMETER as SCHEDULE_STATE
from scripts.decisions.stacks import Stack
from scripts.decisions.stage_values import input_url, run_defaults
from scripts.decisions.verification_record import Input, Subject, code_prefixes
from scripts.flows.stage_context import StageContext


def read_subject(context: StageContext, stack: Stack, definition: str | None = None) -> Subject:
    """What running this stage's pipeline now would be a verification of. ``definition``: where it was just read."""
    if definition is None:
        definition = context.pipelines.definition(context.names.sagemaker_pipeline)
    run = run_defaults(context.settings, context.foundation)
    return Subject(
        release_id=stack.parameters.get("ReleaseId", ""),
        stage=context.stage,
        stack_id=stack.id,
        # But whether the schedule is on: switching it must neither run the pipeline nor unsay what was verified.
        parameters={name: value for name, value in stack.parameters.items() if name != SCHEDULE_STATE},
        model=stack.outputs.get("ModelName", ""),  # CloudFormation names each model anew
        definition=sha256_of(definition) if definition else "",
        code=_code(context, definition),
        thresholds=context.settings.verification.model_dump(mode="json"),
        run={name: str(value) for name, value in run.items()},
        input=_input(context),
    )


def _code(context: StageContext, definition: str | None) -> str:
    """A digest of all that lies at the pipeline's own addresses in the stage's bucket: its scripts."""
    bucket = context.foundation.bucket
    places = code_prefixes(definition, bucket, CODE_FOLDER)
    found = [list(each) for place in places for each in context.objects.contents(bucket, place)]
    return sha256_of(found) if found else ""


def _input(context: StageContext) -> Input:
    url = input_url(context.settings, context.foundation)
    location = s3_location(url)
    found = list(context.objects.contents(location.bucket, location.key))
    digest = sha256_of([list(each) for each in found])
    return Input(url=url, objects=len(found), bytes=sum(each.size for each in found), digest=digest)
