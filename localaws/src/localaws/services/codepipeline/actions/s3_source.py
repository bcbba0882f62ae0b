"""A source that is one object of a versioned bucket.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from localaws.services.codepipeline.action_failures import ActionFailedError
from localaws.services.codepipeline.actions.context import ActionContext, ActionResult, Revision


def s3_source(context: ActionContext) -> ActionResult:
    bucket, key = context.configuration["S3Bucket"], context.configuration["S3ObjectKey"]
    s3, version = context.client("s3"), {}
    if context.override:
        kind, value = context.override["revisionType"], context.override["revisionValue"]
        if kind == "S3_OBJECT_KEY" and context.configuration.get("AllowOverrideForS3ObjectKey", "false") == "true":
            key = value
        elif kind == "S3_OBJECT_VERSION_ID":
            version = {"VersionId": value}
        else:
            raise ActionFailedError("ConfigurationError", f"Action {context.name} takes no revision of type {kind}")
    try:
        if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
            raise ActionFailedError(
                "ConfigurationError",
                f"The bucket {bucket} of action {context.name} is not versioned; enable versioning",
            )
        answer = s3.get_object(Bucket=bucket, Key=key, **version)
        content = answer["Body"].read()
    except ClientError as error:
        raise ActionFailedError.of(f"The source object s3://{bucket}/{key} cannot be read", error) from error
    context.write_output(content)
    version_id, etag = answer.get("VersionId", "null"), answer["ETag"].strip('"')
    variables = {"BucketName": bucket, "ETag": etag, "ObjectKey": key, "VersionId": version_id}
    summary = answer.get("Metadata", {}).get("codepipeline-artifact-revision-summary", "")
    summary = summary or f"Amazon S3 version id: {version_id}"
    url = f"https://s3.console.aws.amazon.com/s3/object/{bucket}/{key}"
    return ActionResult(summary, variables, Revision(version_id, summary, url, answer["LastModified"]), version_id)
