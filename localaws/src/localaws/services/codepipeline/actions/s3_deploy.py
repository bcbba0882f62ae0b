"""Deploys an artifact into a bucket: unpacked, or as the one object it is.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3Deploy.html
"""

from __future__ import annotations

import mimetypes

from localaws.core.archives import opened_zip
from localaws.services.codepipeline.action_failures import ActionFailedError
from localaws.services.codepipeline.actions.context import ActionContext, ActionResult


def s3_deploy(context: ActionContext) -> ActionResult:
    configuration = context.configuration
    bucket, key = configuration["BucketName"], configuration.get("ObjectKey", "").strip("/")
    content = context.read_input(next(iter(context.inputs)))
    options = {}
    for name, option in (("CannedACL", "ACL"), ("CacheControl", "CacheControl")):
        if name in configuration:
            options[option] = configuration[name]
    if "KMSEncryptionKeyARN" in configuration:
        options |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": configuration["KMSEncryptionKeyARN"]}
    s3 = context.client("s3")
    if configuration["Extract"].lower() != "true":
        if not key:
            raise ActionFailedError(
                "ConfigurationError", f"Action {context.name}: ObjectKey is required unless Extract"
            )
        s3.put_object(Bucket=bucket, Key=key, Body=content, **options)
        return ActionResult(f"Deployed s3://{bucket}/{key}")
    try:
        archive = opened_zip(content)
    except ValueError as error:
        raise ActionFailedError("ConfigurationError", f"The input artifact cannot be extracted: {error}") from error
    with archive:
        names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        for name in names:
            kind = mimetypes.guess_type(name)[0] or "binary/octet-stream"
            target = f"{key}/{name}" if key else name
            s3.put_object(Bucket=bucket, Key=target, Body=archive.read(name), ContentType=kind, **options)
    return ActionResult(f"Deployed {len(names)} files to s3://{bucket}/{key}")
