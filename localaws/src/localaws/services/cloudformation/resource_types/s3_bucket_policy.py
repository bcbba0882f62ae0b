"""AWS::S3::BucketPolicy."""

from __future__ import annotations

from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.iam_principals import policy_text


class BucketPolicy(ResourceType):
    type_name = "AWS::S3::BucketPolicy"

    def create(self, context: Context, properties: Properties) -> Resource:
        bucket, client = properties["Bucket"], context.client("s3")
        try:
            client.get_bucket_policy(Bucket=bucket)
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
        else:
            raise ResourceError(f"The bucket policy already exists on bucket {bucket}.")
        client.put_bucket_policy(Bucket=bucket, Policy=policy_text(properties["PolicyDocument"]))
        return Resource(bucket)

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        document = policy_text(after["PolicyDocument"])
        context.client("s3").put_bucket_policy(Bucket=resource.physical_id, Policy=document)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("s3").delete_bucket_policy(Bucket=resource.physical_id)
