"""Which operations moto has, told from its classes: what is not among them never reaches moto's routers.

moto routes by paths of its own. A path that it does not know ends at the next best handler: the deletion of a bucket's
inventory configuration at the one that deletes the bucket. So the front door asks here first. It calls nothing of moto.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from types import ModuleType

from moto.core.model import OperationModel
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores
from moto.s3.models import S3Backend

# Names of packages that are not the service's without its hyphens.
_PACKAGES = {"lambda": "awslambda"}
# Their classes name methods after a segment of the path (``/v1/createjobqueue``): which one.
_NAMED_BY_PATH = {"batch": 1, "polly": 1, "xray": 0}
# Their paths have handlers of their own instead of methods with the operations' names.
_BY_HANDLERS = {
    "es": frozenset(
        {
            *("CreateElasticsearchDomain", "DeleteElasticsearchDomain", "DescribeElasticsearchDomain"),
            *("DescribeElasticsearchDomainConfig", "DescribeElasticsearchDomains", "ListDomainNames"),
            *("AddTags", "ListTags", "RemoveTags"),
        }
    ),
}


def implements(service: str, operation: OperationModel) -> bool:
    """Whether moto answers an operation of a botocore service by code that was written for it."""
    if service in _BY_HANDLERS:
        return operation.name in _BY_HANDLERS[service]
    name = operation.name
    if service in _NAMED_BY_PATH:
        segments = str(operation.http["requestUri"]).partition("?")[0].lstrip("/").split("/")
        name = segments[_NAMED_BY_PATH[service]]
    return camelcase_to_underscores(name) in methods(service)


@functools.cache
def methods(service: str) -> frozenset[str]:
    """The names of the methods that may answer operations; empty where moto does not have the service."""
    try:
        urls = importlib.import_module(f"moto.{_PACKAGES.get(service, service.replace('-', ''))}.urls")
    except ModuleNotFoundError:
        return frozenset()
    classes = _response_classes(urls)
    own = [each for each in classes if each().boto3_service_name == service] or classes
    found = {name for each in own for name, _ in inspect.getmembers(each, inspect.isfunction)}
    if service == "s3":  # whose class finds its operations by hand, and names their methods where they are performed
        found |= {name for name, _ in inspect.getmembers(S3Backend, inspect.isfunction)}
    return frozenset(found - set(dir(BaseResponse)))


def _response_classes(urls: ModuleType) -> list[type[BaseResponse]]:
    """The classes that a package's table of paths names."""
    return [
        value
        for value in vars(urls).values()
        if inspect.isclass(value) and issubclass(value, BaseResponse) and value is not BaseResponse
    ]
