"""CodeBuild's projects, as they are set up, and whether a build has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.errors import ServiceResponseError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import told_as_deployment_errors


@dataclass(frozen=True)
class BuildProject:
    """``cache``: NO_CACHE, LOCAL or S3; ``location``: ``bucket/prefix`` of one in S3."""

    name: str
    image: str
    cache: str
    modes: tuple[str, ...]
    location: str


def build_projects(account: Account, names: Sequence[str]) -> dict[str, BuildProject]:
    """By name; one that does not exist is left out."""
    with told_as_deployment_errors(account.actor):
        found = account.client("codebuild").batch_get_projects(names=list(names))["projects"]
    return {
        each["name"]: BuildProject(
            each["name"],
            each["environment"]["image"],
            each.get("cache", {}).get("type", "NO_CACHE"),
            tuple(each.get("cache", {}).get("modes", ())),
            each.get("cache", {}).get("location", ""),
        )
        for each in found
    }


def connection_status(account: Account, arn: str) -> str:
    """PENDING until a person has confirmed it in the console, then AVAILABLE; or ERROR."""
    service = "codestar-connections" if ":codestar-connections:" in arn else "codeconnections"
    with told_as_deployment_errors(account.actor):
        return str(account.client(service).get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"])


def has_build_ended(account: Account, build_id: str) -> bool:
    """Raises ServiceResponseError for a build that CodeBuild does not know (any more)."""
    with told_as_deployment_errors(account.actor):
        builds = account.client("codebuild").batch_get_builds(ids=[build_id])["builds"]
    if not builds:
        raise ServiceResponseError(f"CodeBuild knows no build {build_id}")
    return bool(builds[0]["buildComplete"])
