"""Which image a tag names just now, where the registry tells it, and who may pull from a repository."""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[a-z0-9.-]+/([^:@]{2,})(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?")
# Reading an image is not needed to deploy it: AWS's own registries let others pull, not look.
_NOT_TOLD = {
    "AccessDeniedException",
    "RepositoryNotFoundException",
    "ImageNotFoundException",
    "InvalidParameterException",
    "RegistryPolicyNotFoundException",
}


def image_digest(account: Account, image: str) -> str | None:
    """``sha256:...`` of a tag in ECR; None where it is another kind of registry, or one that does not tell us."""
    match = _ECR.fullmatch(image)
    if not match:
        return image.rpartition("@")[2] if "@sha256:" in image else None
    registry, region, repository, tag, digest = match.groups()
    if digest:
        return digest
    if region != account.region:
        return None
    client = account.client("ecr")
    try:
        found = client.batch_get_image(
            registryId=registry, repositoryName=repository, imageIds=[{"imageTag": tag or "latest"}]
        )["images"]
    except ClientError as error:
        if error_code(error) in _NOT_TOLD:
            return None
        with told_as_deployment_errors(account.actor):
            raise
    return found[0]["imageId"]["imageDigest"] if found else None


class NoRepositoryError(Exception):
    """The account's ECR has no such repository in this region."""


def repository_policy(account: Account, registry: str, repository: str) -> str | None:
    """The policy of a repository, JSON; None where it has none."""
    with told_as_deployment_errors(account.actor):
        try:
            answer = account.client("ecr").get_repository_policy(registryId=registry, repositoryName=repository)
        except ClientError as error:
            if error_code(error) == "RepositoryNotFoundException":
                raise NoRepositoryError(f"{registry} has no repository {repository}") from error
            if error_code(error) == "RepositoryPolicyNotFoundException":
                return None
            raise
    return str(answer["policyText"])
