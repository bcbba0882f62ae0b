"""Releases, packages and plans as the tests of the decisions need them: complete, small, and easy to vary."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scripts.decisions.deployment_plan import DeploymentPlan, RegisteredPackage
from scripts.decisions.foundation import Foundation
from scripts.decisions.names import StageNames
from scripts.decisions.promotion import plan_promotion
from scripts.decisions.release import (
    Approval,
    Checksum,
    Container,
    ModelPackage,
    Pipeline,
    Release,
    S3Object,
    Source,
    new_release,
)
from scripts.decisions.stacks import Stack
from scripts.decisions.stage_settings import Inference, Processing, Project, StageSettings
from scripts.decisions.stage_values import stack_parameters
from scripts.decisions.verification import Check, Figures
from scripts.decisions.verification_record import (
    Input,
    Standing,
    Subject,
    VerificationRecord,
    new_record,
    standing,
)

DEV, PREPROD = "012345670123", "550011223344"
SOURCE_ARN = f"arn:aws:sagemaker:ap-southeast-2:{DEV}:model-package/berth-demand/7"
TARGET_ARN = f"arn:aws:sagemaker:ap-southeast-2:{PREPROD}:model-package/berth-demand/1"
BUCKET = f"harbour-preprod-{PREPROD}-ap-southeast-2"
KEY_ARN = f"arn:aws:kms:ap-southeast-2:{PREPROD}:key/1"
EXECUTION = f"arn:aws:sagemaker:ap-southeast-2:{PREPROD}:pipeline/p/execution/e1"
WHERE = f"s3://{BUCKET}/releases/r/verification.json"
CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)

SETTINGS = StageSettings(
    account=PREPROD,
    dev_account=DEV,
    region="ap-southeast-2",
    project=Project(name="harbour", id="p-harbour"),
    model_package_group="berth-demand",
    pipeline="berths",
    processing=Processing(instance_type="ml.m5.large"),
    inference=Inference(instance_type="ml.m5.large"),
)
NAMES = StageNames.of("preprod", SETTINGS)
FOUNDATION = Foundation(
    pipeline_role_arn=f"arn:aws:iam::{PREPROD}:role/pipeline",
    job_role_arn=f"arn:aws:iam::{PREPROD}:role/job",
    bucket=BUCKET,
    kms_key_arn=KEY_ARN,
    cloudformation_role_arn=f"arn:aws:iam::{PREPROD}:role/cloudformation",
    events_role_arn=f"arn:aws:iam::{PREPROD}:role/events",
    announcement_topic_arn=f"arn:aws:sns:ap-southeast-2:{PREPROD}:announcements",
    subnet_ids=(),
    security_group_ids=(),
)

CODE = {"pipelines/berths/preprocess.py": "e" * 64}


NO_RECORD = Standing(WHERE, None, ("there is no record of a verification",))
MEASURED = Figures(10, 10, 1, 10, 0, 0.1, 0.9, 0.5, accepted_rows=10)


def subject(release_id: str = "0123456789abcdef", **changes: Any) -> Subject:
    content: dict[str, Any] = {
        "release_id": release_id,
        "stage": "preprod",
        "stack_id": "arn:stack/1",
        "parameters": {"ReleaseId": release_id, "ModelPackageName": TARGET_ARN},
        "model": "Model-1",
        "definition": "d1",
        "code": "c1",
        "thresholds": {"minimum": 0.0, "sample": 1000, "prediction": -1},
        "run": {"ProcessingInstanceCount": "1"},
        "input": Input(url=f"s3://{BUCKET}/input/", objects=1, bytes=50, digest="i1"),
    }
    return Subject(**{**content, **changes})


def verification(of: Subject | None = None, passed: bool = True, **more: Any) -> VerificationRecord:
    """A record as a verification writes it."""
    content: dict[str, Any] = {
        "at": "2026-11-26T01:00:00+00:00",
        "by": "arn:aws:iam::012345670123:user/eva",
        "figures": MEASURED,
        "checks": (Check("enough predictions", passed, "10 rows, 1 required"),),
        "predictions": f"s3://{BUCKET}/predictions/e1/",
    }
    return new_record(of or subject(), "verify-r-1", EXECUTION, passed, **{**content, **more})


def verified(now: Subject | None = None, passed: bool = True) -> Standing:
    """What a record of just this is worth."""
    about = now or subject()
    return standing(WHERE, verification(about, passed), about)


def s3_object(**changes: Any) -> S3Object:
    content: dict[str, Any] = {
        "bucket": "dev-artifacts",
        "key": "models/7/model.tar.gz",
        "path": "model.tar.gz",
        "version_id": "v1",
        "etag": "e1",
        "size": 100,
        "checksum": Checksum(algorithm="SHA256", type="FULL_OBJECT", value="c1"),
    }
    return S3Object(**{**content, **changes})


def container(**changes: Any) -> Container:
    content: dict[str, Any] = {
        "image": "registry/image:1",
        "image_digest": None,
        "kind": "object",
        "uri": "s3://dev-artifacts/models/7/model.tar.gz",
        "objects": (s3_object(),),
        "environment": {"A": "1"},
    }
    return Container(**{**content, **changes})


def model_package(**changes: Any) -> ModelPackage:
    content: dict[str, Any] = {
        "arn": SOURCE_ARN,
        "group": "berth-demand",
        "version": 7,
        "containers": (container(),),
        "approval": Approval(status="Approved", description=None, modified_at=CREATED, modified_by="eva"),
    }
    return ModelPackage(**{**content, **changes})


def release(
    package: ModelPackage | None = None,
    pipeline: Pipeline | None = None,
    templates: dict[str, str] | None = None,
    source: Source | None = None,
) -> Release:
    return new_release(
        package or model_package(),
        pipeline
        or Pipeline(
            name="berths",
            definition_sha256="d" * 64,
            code=CODE,
        ),
        templates or {"batch-inference.yml": "f" * 64, "foundation.yml": "a" * 64},
        source or Source(created_at=CREATED, git_commit="abc", git_dirty=False),
    )


def described_package(**changes: Any) -> dict[str, Any]:
    """A DescribeModelPackage answer of the source version."""
    return {
        "ModelPackageArn": SOURCE_ARN,
        "ModelPackageGroupName": "berth-demand",
        "ModelPackageVersion": 7,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
        "CreationTime": CREATED,
        "InferenceSpecification": {
            "Containers": [
                {
                    "Image": "registry/image:1",
                    "ModelDataUrl": "s3://dev-artifacts/models/7/model.tar.gz",
                    "ModelDataETag": "e1",
                    "Environment": {"A": "1"},
                }
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        **changes,
    }


def plan(
    of: Release | None = None,
    package: RegisteredPackage | None = None,
    stack: Stack | None = None,
    verification: Standing = NO_RECORD,
    **changes: Any,
) -> DeploymentPlan:
    chosen = of or release()
    content: dict[str, Any] = {
        "stage": "preprod",
        "names": NAMES,
        "release": chosen,
        "foundation": FOUNDATION,
        "promotion": plan_promotion(chosen, described_package(), NAMES, BUCKET, KEY_ARN),
        "package": package,
        "uploads": (),
        "template": "",
        "parameters": stack_parameters(SETTINGS, NAMES, FOUNDATION, chosen.release_id, "pipeline/d.json"),
        "tags": {},
        "stack": stack,
        "readiness": "update" if stack else "create",
        "verification": verification,
        "unverified": False,
    }
    return DeploymentPlan(**{**content, **changes})


def deployed_stack(parameters: dict[str, str], status: str = "CREATE_COMPLETE", **changes: Any) -> Stack:
    return Stack(
        name=NAMES.batch_stack,
        id=f"arn:aws:cloudformation:ap-southeast-2:{PREPROD}:stack/{NAMES.batch_stack}/1",
        status=status,
        reason="",
        parameters=parameters,
        outputs={"ModelName": "m"},
        **changes,
    )
