"""AWS::S3::Bucket. Each property has its own operation; one that localaws does not set is refused.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localaws.core.partitions import partition_at, partition_of
from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types import s3_settings as settings
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.tags import tag_map

# property -> (operation that sets it, its member, how its value is made, operation that takes it away)
_Setting = tuple[str, str, Callable[[Any], Any], str | None]
_SETTINGS: dict[str, _Setting] = {
    "VersioningConfiguration": ("put_bucket_versioning", "VersioningConfiguration", dict, None),
    "BucketEncryption": (
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        settings.encryption,
        "delete_bucket_encryption",
    ),
    "PublicAccessBlockConfiguration": (
        "put_public_access_block",
        "PublicAccessBlockConfiguration",
        settings.booleans,
        "delete_public_access_block",
    ),
    "OwnershipControls": (
        "put_bucket_ownership_controls",
        "OwnershipControls",
        dict,
        "delete_bucket_ownership_controls",
    ),
    "LifecycleConfiguration": (
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        settings.lifecycle,
        "delete_bucket_lifecycle",
    ),
    "LoggingConfiguration": ("put_bucket_logging", "BucketLoggingStatus", settings.logging, None),
    "CorsConfiguration": ("put_bucket_cors", "CORSConfiguration", settings.cors, "delete_bucket_cors"),
    "NotificationConfiguration": (
        "put_bucket_notification_configuration",
        "NotificationConfiguration",
        settings.notification,
        None,
    ),
    "AccelerateConfiguration": (
        "put_bucket_accelerate_configuration",
        "AccelerateConfiguration",
        lambda value: {"Status": value["AccelerationStatus"]},
        None,
    ),
    "WebsiteConfiguration": ("put_bucket_website", "WebsiteConfiguration", settings.website, "delete_bucket_website"),
    "ObjectLockConfiguration": ("put_object_lock_configuration", "ObjectLockConfiguration", settings.object_lock, None),
}
_CREATED_WITH = {"BucketName", "AccessControl", "ObjectLockEnabled", "Tags"}
_ABSENT = {
    "VersioningConfiguration": {"Status": "Suspended"},
    "LoggingConfiguration": {},
    "NotificationConfiguration": {},
    "AccelerateConfiguration": {"Status": "Suspended"},
}


class Bucket(ResourceType):
    type_name = "AWS::S3::Bucket"
    name_property = "BucketName"
    takes_system_tags = False  # S3 keeps them out of PutBucketTagging

    def create(self, context: Context, properties: Properties) -> Resource:
        self._refuse_unknown(properties)
        client = context.client("s3")
        name = properties.get("BucketName") or context.name(63, lower=True)
        place = {} if context.region == "us-east-1" else {"LocationConstraint": context.region}
        request: dict[str, Any] = {"Bucket": name}
        request |= {"CreateBucketConfiguration": place} if place else {}
        if str(properties.get("ObjectLockEnabled", False)).lower() == "true":
            request["ObjectLockEnabledForBucket"] = True
        if "AccessControl" in properties:
            request["ACL"] = settings.canned_acl(properties["AccessControl"])
        self._refuse_existing(client, name)
        client.create_bucket(**request)
        resource = Resource(name, _attributes(name, context.region))
        context.report(resource)
        self._configure(client, name, {}, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        self._refuse_unknown(after)
        client = context.client("s3")
        if before.get("AccessControl") != after.get("AccessControl"):
            acl = settings.canned_acl(after.get("AccessControl", "Private"))
            client.put_bucket_acl(Bucket=resource.physical_id, ACL=acl)
        self._configure(client, resource.physical_id, before, after)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        """A bucket with objects is not deleted: S3 says so and the stack keeps it."""
        context.client("s3").delete_bucket(Bucket=resource.physical_id)

    def _configure(self, client: Any, name: str, before: Properties, after: Properties) -> None:
        for key in [key for key in _SETTINGS if key in changed_properties(before, after)]:
            operation, member, convert, removal = _SETTINGS[key]
            if key in after:
                getattr(client, operation)(**{"Bucket": name, member: convert(after[key])})
            elif removal:
                getattr(client, removal)(Bucket=name)
            elif key in _ABSENT:
                getattr(client, operation)(**{"Bucket": name, member: _ABSENT[key]})
            else:
                raise ResourceError(f"{key} cannot be removed from bucket {name}.")
        tags = tag_map(after.get("Tags"))
        if tags != tag_map(before.get("Tags")):
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            if listed:
                client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": listed})
            else:
                client.delete_bucket_tagging(Bucket=name)

    def _refuse_unknown(self, properties: Properties) -> None:
        unknown = sorted(properties.keys() - _SETTINGS.keys() - _CREATED_WITH)
        if unknown:
            raise ResourceError(f"localaws does not implement {', '.join(unknown)} of AWS::S3::Bucket.")

    def _refuse_existing(self, client: Any, name: str) -> None:
        """In us-east-1 S3 lets an owner create the same bucket again; a stack must not take it over."""
        try:
            client.head_bucket(Bucket=name)
        except client.exceptions.ClientError as error:
            # Forbidden: somebody else's, or nobody's and not ours to look at. CreateBucket tells which.
            if error.response["Error"]["Code"] in ("404", "NoSuchBucket", "403", "AccessDenied"):
                return
            raise
        raise ResourceError(f"{name} already exists (Service: S3, Status Code: 409, HandlerErrorCode: AlreadyExists)")


def _attributes(name: str, region: str) -> dict[str, Any]:
    suffix = partition_at(region).suffix
    return {
        "Arn": f"arn:{partition_of(region)}:s3:::{name}",
        "DomainName": f"{name}.s3.{suffix}",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.{suffix}",
        "RegionalDomainName": f"{name}.s3.{region}.{suffix}",
        "WebsiteURL": f"http://{name}.s3-website-{region}.{suffix}",
    }
