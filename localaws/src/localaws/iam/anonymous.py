"""What S3 lets everybody do without a signature: what a bucket's policy allows to ``*``, or an ACL to all users.

Asked for every unsigned request, whether IAM is enforced or not. It performs nothing.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from typing import Any

from localaws.core.backend import Backend
from localaws.core.caller import Caller
from localaws.core.clock import Clock
from localaws.core.errors import ServiceError
from localaws.core.wire import OperationRequest
from localaws.iam.requirements import Place, requirements
from localaws.iam.resource_policies import ResourcePolicies
from localaws.policies.condition_keys import of_moment
from localaws.policies.evaluation import Decision, Policies, Query, decide
from localaws.policies.principals import Principal

# What S3 answers unsigned at all; uploads in parts and copies are always signed.
_OF_OBJECTS = frozenset({"GetObject", "HeadObject", "GetObjectTagging", "PutObject", "DeleteObject"})
_OF_BUCKETS = frozenset({"ListObjects", "ListObjectsV2", "HeadBucket"})
# What an ACL of READ lets everybody do.
_READING = frozenset({"GetObject", "HeadObject", "ListObjects", "ListObjectsV2", "HeadBucket"})


class AnonymousAccess:
    def __init__(self, policies: ResourcePolicies, moto: Backend, clock: Clock) -> None:
        self._policies = policies
        self._moto = moto
        self._clock = clock

    def owner_for(self, request: OperationRequest) -> Caller:
        """The bucket's owner, as whom an unsigned request of S3 is performed. Raises AccessDenied, or NoSuchBucket."""
        operation, parameters = str(request.operation.name), request.parameters
        bucket = str(parameters.get("Bucket", ""))
        if operation not in _OF_OBJECTS | _OF_BUCKETS:
            raise _denied()
        if any(name.startswith("Response") for name in parameters):
            raise ServiceError(
                "InvalidRequest", "Request specific response headers cannot be used for anonymous GET requests.", 400
            )
        owner = self._moto.bucket_owner(bucket)
        if owner is None:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=bucket)
        caller = Caller.root(owner, self._moto.bucket_region(bucket))
        decisions = self._decisions(caller, operation, parameters)
        by_policy = all(one.allowed for one in decisions) and not self._moto.restricts_public_access(bucket)
        denied = any(one.explicit for one in decisions)
        if denied or not (by_policy or self._by_acl(bucket, operation, parameters)):
            raise _denied()
        return caller

    def _decisions(self, owner: Caller, operation: str, parameters: dict[str, Any]) -> list[Decision]:
        """What the bucket's policy says of everybody, for each action on each resource that the operation needs."""
        return [
            decide(
                Query(one.action, resource, {**self._context(owner), **one.context}),
                Principal.anonymous(),
                Policies(resource_policy=self._policies.of(owner, one.action, resource).policy),
            )
            for one in requirements("s3", operation, parameters, Place(owner.account, owner.region))
            for resource in one.resources
        ]

    def _by_acl(self, bucket: str, operation: str, parameters: dict[str, Any]) -> bool:
        key = parameters.get("Key") if operation in _OF_OBJECTS else None
        return operation in _READING and self._moto.is_publicly_readable(bucket, key, parameters.get("VersionId"))

    def _context(self, owner: Caller) -> dict[str, tuple[str, ...]]:
        return {
            **of_moment(self._clock.now()),
            "aws:sourceip": ("127.0.0.1",),
            "aws:requestedregion": (owner.region,),
            "aws:principaltype": ("Anonymous",),
            "aws:resourceaccount": (owner.account,),
            "s3:resourceaccount": (owner.account,),
        }


def _denied() -> ServiceError:
    return ServiceError("AccessDenied", "Access Denied", 403)
