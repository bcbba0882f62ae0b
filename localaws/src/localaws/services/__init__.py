"""The services that stand in front of moto, by name. A new one is one line in ``SERVICES``."""

from __future__ import annotations

from localaws.core.cloud import Cloud
from localaws.core.service import Service
from localaws.services.cloudformation import CLOUDFORMATION
from localaws.services.codebuild import Builds, Projects
from localaws.services.codecommit import Branches, Commits, Files, Repositories
from localaws.services.codeconnections import CodeConnections, CodeStarConnections
from localaws.services.codepipeline import SERVICES as CODEPIPELINE
from localaws.services.codestar_notifications import SERVICES as CODESTAR_NOTIFICATIONS
from localaws.services.events import SERVICES as EVENTS
from localaws.services.iam import SERVICES as IAM
from localaws.services.pretences import SERVICES as PRETENCES
from localaws.services.s3 import BucketPolicies, Objects
from localaws.services.sagemaker import SERVICES as SAGEMAKER
from localaws.services.scheduler import SERVICES as SCHEDULER
from localaws.services.sns import SERVICES as SNS
from localaws.services.sts import Sts

SERVICES: tuple[type[Service], ...] = (
    *CLOUDFORMATION,
    CodeConnections,
    CodeStarConnections,
    Branches,
    Commits,
    Files,
    Repositories,
    BucketPolicies,
    Objects,
    Builds,
    Projects,
    *CODEPIPELINE,
    *CODESTAR_NOTIFICATIONS,
    *EVENTS,
    *IAM,
    *PRETENCES,
    *SAGEMAKER,
    *SCHEDULER,
    *SNS,
    Sts,
)


def register_services(cloud: Cloud) -> None:
    for service in SERVICES:
        cloud.register(service(cloud))
