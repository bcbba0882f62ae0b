"""Credentials of jobs and builds: who knows the address gets them, for as long as the grant lives."""

from __future__ import annotations

import urllib.request
from urllib.error import HTTPError

import boto3
import pytest
from botocore.utils import ContainerMetadataFetcher

from localaws.server import Server
from tests.functional.job_site import JobSite

ADDRESS = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


@pytest.mark.aws_rule(
    "A container gets its role's session from the address in AWS_CONTAINER_CREDENTIALS_FULL_URI",
    page="https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html",
)
def test_a_granted_address_answers_the_roles_session(site: JobSite, server: Server) -> None:
    granted = server.cloud.container_credentials.grant(site.role, "build")
    found = ContainerMetadataFetcher().retrieve_full_uri(granted[ADDRESS])
    session = boto3.session.Session(found["AccessKeyId"], found["SecretAccessKey"], found["Token"], "eu-west-1")
    identity = session.client("sts", endpoint_url=granted["AWS_ENDPOINT_URL"]).get_caller_identity()
    assert identity["Arn"].endswith(f"assumed-role/{site.role.rpartition('/')[2]}/build")


def test_a_revoked_or_guessed_address_answers_nothing(site: JobSite, server: Server) -> None:
    granted = server.cloud.container_credentials.grant(site.role, "build")
    server.cloud.container_credentials.revoke(granted)
    for address in (granted[ADDRESS], f"{server.endpoint_url}/_localaws/credentials/", f"{granted[ADDRESS]}x"):
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(address)
        assert refused.value.code == 404
