"""One owner per piece of state: what localaws keeps, moto is not asked about, and writes nowhere else.

moto's own code cannot see localaws' tables. An operation that moto answers by a thing which localaws keeps would say
that the thing is not there, or would do something to a copy of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import moto
from moto.core.utils import get_service_model

from localaws.moto.implemented import implements
from tests.differences import methods

# Operations of moto that name something of localaws, and why that is right.
BRIDGED: dict[str, dict[str, str]] = {}
# (moto's package, the package whose state localaws keeps instead) -> why its code reaches it in vain without harm.
CROSSING = {
    ("account", "sts"): "reads the caller's account from its key, and has it from the header too",
    ("appmesh", "sts"): "names the account as the owner of a mesh",
    ("cloudtrail", "sns"): "asks whether a topic exists, and topics are moto's",
    ("config", "sns"): "lists topics, which are moto's",
    ("emr", "sts"): "names the account as the user of a cluster",
    ("iam", "sts"): "moto's own access control, which is not switched on",
    ("kinesisvideoarchivedmedia", "sts"): "makes up a token",
    ("s3", "events"): "moto's notifications: localaws keeps the configurations, so it has none",
    ("s3", "sns"): "moto's notifications: localaws keeps the configurations, so it has none",
    ("sagemakermetrics", "sagemaker"): "trial components, which are moto's",
    ("servicecatalogappregistry", "cloudformation"): "AssociateResource is refused",
    ("ses", "sns"): "the operations that name a topic are refused",
    ("textract", "sns"): "the operations that name a topic are refused",
}
KEPT_HERE = (
    *("cloudformation", "codebuild", "codecommit", "codepipeline", "events", "sagemaker", "scheduler", "servicequotas"),
    *("sns", "sts"),
)
_NAME = re.compile(r"(Name|Arn|ARN|Id|ID|Url)$")


def texts_named(shape: Any, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Every member, however deep, that may name a resource."""
    if shape is None or shape.name in seen:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if member.type_name == "string" and _NAME.search(name):
                yield name
            yield from texts_named(member, (*seen, shape.name))
    elif shape.type_name == "list":
        yield from texts_named(shape.member, (*seen, shape.name))


def test_no_operation_of_moto_names_what_localaws_makes() -> None:
    answered: dict[str, set[str]] = defaultdict(set)
    made: dict[str, set[str]] = defaultdict(set)
    for service, operation, owner in methods():
        answered[service].add(operation)
        if operation.startswith(("Create", "Register")) and not owner.__name__.startswith("Refusals"):
            made[service].add(operation.removeprefix("Create").removeprefix("Register"))
    crossing = {}
    for service, nouns in made.items():
        model = get_service_model(service)
        members = {f"{noun}{end}".lower() for noun in nouns for end in ("Name", "Arn", "Id", "Url")}
        for name in set(model.operation_names) - answered[service] - set(BRIDGED.get(service, {})):
            operation = model.operation_model(name)
            named = {each for each in texts_named(operation.input_shape) if each.lower() in members}
            if named and implements(service, operation):
                crossing[f"{service}:{name}"] = named
    assert crossing == {}


def test_no_code_of_moto_reaches_what_localaws_keeps_but_where_it_is_known_to_be_harmless() -> None:
    root = Path(moto.__file__).parent
    named = re.compile(rf"\b({'|'.join(KEPT_HERE)})_backends\b|from moto\.({'|'.join(KEPT_HERE)})\b(?!\.exceptions)")
    found = set()
    for path in root.glob("*/**/*.py"):
        package = path.relative_to(root).parts[0]
        if package in KEPT_HERE or package in ("core", "moto_api", "moto_server", "moto_proxy"):
            continue
        code = "\n".join(line.partition("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
        found |= {(package, one or other) for one, other in named.findall(code)}
    assert found == set(CROSSING)
