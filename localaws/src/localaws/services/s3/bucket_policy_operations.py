"""Bucket policies: kept, answered and checked for form.

moto would evaluate a policy as it is put, with conditions ignored, so that a TLS-only policy blocks everything. Here
the documents are only kept (table ``s3.bucket_policy``: bucket name -> ``{"Policy": JSON text, "Account": owner}``);
whether one of them allows a request is decided where IAM is enforced, never here.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Set
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.policies.document import listed, read
from localaws.policies.errors import PolicyError
from localaws.policies.public_access import is_public
from localaws.services.s3.ownership import check_expected_owner, owned_bucket

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

TABLE = "s3.bucket_policy"
LONGEST_POLICY = 20 * 1024


class BucketPolicies(Service):
    """PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy and GetBucketPolicyStatus.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
    """

    service = "s3"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._policies = cloud.store.table(TABLE)

    def put_bucket_policy(self, caller: Caller, request: Request) -> Response:
        bucket, owner = self._owned(caller, request)
        text = _text(request["Policy"])
        problem = malformed(text, bucket)
        if problem:
            raise ServiceError("MalformedPolicy", problem, 400)
        self._policies.put(bucket, {"Policy": text, "Account": owner})
        return {}

    def get_bucket_policy(self, caller: Caller, request: Request) -> Response:
        return {"Policy": self._existing(caller, request)}

    def delete_bucket_policy(self, caller: Caller, request: Request) -> Response:
        bucket, _ = self._owned(caller, request)
        self._policies.delete(bucket)
        return {}

    def get_bucket_policy_status(self, caller: Caller, request: Request) -> Response:
        return {"PolicyStatus": {"IsPublic": is_public(self._existing(caller, request))}}

    def _existing(self, caller: Caller, request: Request) -> str:
        bucket, owner = self._owned(caller, request)
        found = self._policies.get(bucket)
        # A bucket that was deleted and made again by another account begins without a policy.
        if found is None or found["Account"] != owner:
            raise ServiceError("NoSuchBucketPolicy", "The bucket policy does not exist", 404, BucketName=bucket)
        return str(found["Policy"])

    def _owned(self, caller: Caller, request: Request) -> tuple[str, str]:
        bucket = str(request["Bucket"])
        owner = owned_bucket(self._cloud, caller, bucket)
        check_expected_owner(owner, request.get("ExpectedBucketOwner"))
        return bucket, owner


def malformed(text: str, bucket: str) -> str | None:
    """What is wrong with a bucket policy, in AWS's words, or None. Pure.

    Looks at the form only: JSON, statements with an effect, principal, action and resources of this bucket.
    """
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return "Policies must be valid JSON and the first byte must be '{'"
    if len(text) > LONGEST_POLICY:
        return "Policy exceeds the maximum allowed size of 20480 bytes"
    return next(_problems(document, bucket), None) or _unreadable(text)


def _unreadable(text: str) -> str | None:
    try:
        read(text, "resource")
    except PolicyError as error:
        return f"Policy cannot be evaluated: {error}"
    return None


def _problems(document: dict[str, Any], bucket: str) -> Iterator[str]:
    if document.get("Version", "2008-10-17") not in ("2008-10-17", "2012-10-17"):
        yield "The policy must contain a valid version string"
    yield from _unknown_fields(document, {"Version", "Id", "Statement"})
    statements = listed(document.get("Statement"))
    if not statements:
        yield "Missing required field Statement"
    for statement in statements:
        yield from _statement_problems(statement, bucket)


_RESOURCE = re.compile(r"arn:[\w*-]+:s3:[^:]*:[^:]*:(?P<bucket>[^/]+)(/.*)?", re.DOTALL)
_STATEMENT_FIELDS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)


def _statement_problems(statement: Any, bucket: str) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "Statement is not valid"
        return
    yield from _unknown_fields(statement, _STATEMENT_FIELDS)
    if "Effect" not in statement:
        yield "Missing required field Effect"
    elif statement["Effect"] not in ("Allow", "Deny"):
        yield f"Invalid effect: {statement['Effect']}"
    for field in ("Principal", "Action", "Resource"):
        if (field in statement) == (f"Not{field}" in statement):
            yield f"Missing required field {field}"
    actions = listed(statement.get("Action", statement.get("NotAction")))
    if not actions or not all(isinstance(a, str) and (a == "*" or a.lower().startswith("s3:")) for a in actions):
        yield "Policy has invalid action"
    resources = listed(statement.get("Resource", statement.get("NotResource")))
    if not resources or not all(isinstance(name, str) and _within(name, bucket) for name in resources):
        yield "Policy has invalid resource"
    if not isinstance(statement.get("Condition", {}), dict):
        yield "Conditions must be a map"


def _unknown_fields(document: dict[str, Any], known: Set[str]) -> Iterator[str]:
    return (f"Unknown field {name}" for name in document if name not in known)


def _within(resource: str, bucket: str) -> bool:
    """Whether a resource of a policy names ``bucket`` or keys in it; wildcards may stand in either."""
    if resource == "*":
        return True
    found = _RESOURCE.fullmatch(resource)
    return found is not None and fnmatch.fnmatchcase(bucket, found["bucket"])


def _text(policy: Any) -> str:
    return policy.decode("utf-8", "replace") if isinstance(policy, bytes) else str(policy)
