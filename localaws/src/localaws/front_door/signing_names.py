"""Which services a signing name may mean: several services of AWS share one."""

from __future__ import annotations

import functools

import botocore.session

# Their paths are signed as they are sent; all other services' are normalised and encoded once more.
S3_NAMES = frozenset({"s3", "s3-object-lambda", "s3-outposts", "s3express"})


@functools.cache
def _services_by_signing_name() -> dict[str, tuple[str, ...]]:
    """botocore service names by the name that requests to them are signed with; several may share one."""
    loader = botocore.session.get_session().get_component("data_loader")
    found: dict[str, list[str]] = {}
    for service in _MULTIPLE_PER_SIGNING_NAME:
        metadata = loader.load_service_model(service, "service-2")["metadata"]
        found.setdefault(metadata.get("signingName", metadata["endpointPrefix"]), []).append(service)
    return {name: tuple(services) for name, services in found.items()}


# Services whose signing name is not their own botocore name, or is shared with another service.
_MULTIPLE_PER_SIGNING_NAME = (
    "cloudwatch",
    "codestar-connections",
    "resourcegroupstaggingapi",
    "s3",
    "s3control",
    "sagemaker",
    "sagemaker-runtime",
    "service-quotas",
    "ses",
    "sesv2",
    "stepfunctions",
)


def candidate_services(signing_name: str) -> tuple[str, ...]:
    """The botocore services that a request signed for ``signing_name`` may be meant for."""
    return _services_by_signing_name().get(signing_name, (signing_name,))
