"""Whether calls meant for AWS would reach AWS: endpoints that a shell or the AWS configuration names are looked at.

A shell that was pointed at the embedded AWS (``make local-env``) stays so; ``CLOUD=aws`` in it would deploy there and
say that AWS was deployed to. It makes no call.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from scripts.errors import SettingsError
from scripts.gateways.regions import aws_domains

ALLOWED = "ALLOW_ENDPOINT"
_VARIABLE = "AWS_ENDPOINT_URL"
_IGNORED = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
# In a build the environment is CodeBuild's own and its project's, and no shell that somebody forgot.
_BUILD = "CODEBUILD_BUILD_ID"


def require_aws(session: Any, environment: Mapping[str, str] = os.environ) -> None:
    """Raises SettingsError where CLOUD is aws and ``session`` (botocore's) has an endpoint that is not AWS's."""
    if environment.get("CLOUD") != "aws" or environment.get(ALLOWED) == "1":
        return
    found = [(place, url) for place, url in configured_endpoints(session, environment) if not is_aws(url)]
    if found:
        raise SettingsError(
            f"CLOUD is aws, and {found[0][1]} is not AWS: calls would go there",
            found=[f"{place}: {url}" for place, url in found],
            next_command=f'eval "$(make --silent local-env UNSET=1)"   # or correct what is named; {ALLOWED}=1 allows '
            "it, e.g. for a VPC endpoint with a name of your own",
        )


def configured_endpoints(session: Any, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(where it is said, URL) of every endpoint that the SDK would take instead of its own."""
    scoped, whole = session.get_scoped_config(), session.full_config
    ignored = environment.get(_IGNORED) or scoped.get("ignore_configured_endpoint_urls", "")
    if ignored.lower() == "true":
        return
    if _BUILD not in environment:
        for name, value in sorted(environment.items()):
            if value and (name == _VARIABLE or name.startswith(f"{_VARIABLE}_")):
                yield f"environment variable {name}", value
    profile = f"AWS configuration, profile {session.profile or 'default'}"
    if scoped.get("endpoint_url"):
        yield profile, scoped["endpoint_url"]
    services = scoped.get("services")
    for service, settings in sorted(whole.get("services", {}).get(services, {}).items() if services else ()):
        if isinstance(settings, dict) and settings.get("endpoint_url"):
            yield f"{profile}, services {services}, {service}", settings["endpoint_url"]


def is_aws(url: str) -> bool:
    """Whether a host of AWS's own answers at this address, in whichever partition."""
    host = urlsplit(url).hostname or ""
    return any(host == domain or host.endswith(f".{domain}") for domain in aws_domains())
