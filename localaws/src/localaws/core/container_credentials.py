"""Credentials of a role for child processes, as AWS containers get them: from an address that only they know.

A job, a build or an action is given environment variables; every AWS SDK follows them to a page of this server, which
answers the session credentials of the granted role and new ones before those expire. A grant lives as long as its
job: nothing is kept on disk, since child processes end with the server.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from localaws.core.identities import Identities

PREFIX = "/_localaws/credentials/"
_ADDRESS = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


class ContainerCredentials:
    """Grants of roles to child processes, and the WSGI page (mounted at ``PREFIX``) where they fetch credentials."""

    def __init__(self, identities: Identities, endpoint_url: Callable[[], str]) -> None:
        """``endpoint_url`` tells where child processes reach this server, once it listens."""
        self._identities = identities
        self._endpoint_url = endpoint_url
        self._grants: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def grant(self, role_arn: str, session_name: str) -> dict[str, str]:
        """Environment variables by which a child process acts as the role: where AWS is and who it is there."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._grants[token] = (role_arn, session_name)
        endpoint_url = self._endpoint_url()
        return {
            "AWS_ENDPOINT_URL": endpoint_url,
            _ADDRESS: f"{endpoint_url}{PREFIX}{token}",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def revoke(self, environment: dict[str, str]) -> None:
        """Take back what ``grant`` gave; credentials that were fetched already run out by themselves."""
        with self._lock:
            self._grants.pop(environment[_ADDRESS].rpartition("/")[2], None)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        found = self._granted(Request(environ).path.removeprefix(PREFIX))
        if found is None:
            response = Response(
                json.dumps(
                    {
                        "code": "CredentialsNotFound",
                        "message": "No running job or build has credentials at this address.",
                    }
                ),
                404,
                content_type="application/json",
            )
        else:
            response = Response(json.dumps(self._session(*found)), content_type="application/json")
        return response(environ, start_response)

    def _granted(self, token: str) -> tuple[str, str] | None:
        """Compares with every token there is, in the same time whichever it is."""
        with self._lock:
            grants = list(self._grants.items())
        matching = [grant for known, grant in grants if hmac.compare_digest(known.encode(), token.encode())]
        return matching[0] if matching else None

    def _session(self, role_arn: str, session_name: str) -> dict[str, str]:
        credentials = self._identities.issue(role_arn, session_name)["Credentials"]
        return {
            "RoleArn": role_arn,
            "AccessKeyId": credentials["AccessKeyId"],
            "SecretAccessKey": credentials["SecretAccessKey"],
            "Token": credentials["SessionToken"],
            "Expiration": credentials["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
