"""The providers: (category, provider) -> a function that runs an action and raises ActionFailedError where it fails."""

from __future__ import annotations

from collections.abc import Callable

from localaws.services.codepipeline.actions.approval import manual_approval
from localaws.services.codepipeline.actions.cloudformation import cloudformation
from localaws.services.codepipeline.actions.codebuild import codebuild
from localaws.services.codepipeline.actions.context import ActionContext, ActionResult
from localaws.services.codepipeline.actions.git_sources import codecommit_source, connection_source
from localaws.services.codepipeline.actions.s3_deploy import s3_deploy
from localaws.services.codepipeline.actions.s3_source import s3_source

PROVIDERS: dict[tuple[str, str], Callable[[ActionContext], ActionResult]] = {
    ("Source", "CodeCommit"): codecommit_source,
    ("Source", "CodeStarSourceConnection"): connection_source,
    ("Source", "S3"): s3_source,
    ("Build", "CodeBuild"): codebuild,
    ("Test", "CodeBuild"): codebuild,
    ("Deploy", "CloudFormation"): cloudformation,
    ("Deploy", "S3"): s3_deploy,
    ("Approval", "Manual"): manual_approval,
}
