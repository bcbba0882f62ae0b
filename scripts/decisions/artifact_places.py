"""Where the model artifacts of approved packages lie, and what the builds in dev need to read them there.

Training writes where it was told to: SageMaker's default bucket, a SageMaker Project's, another account's. The
toolchain names buckets and foreign keys to its builds; where another account owns one, that account must let them in
too, and the statement for its policy is made here. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.decisions.containers import S3Location, s3_location
from scripts.decisions.names import StageNames
from scripts.errors import ModelPackageError

BUCKETS = "ModelArtifactBucketArns"
KEYS = "ModelArtifactKeyArns"
FORMER_BUCKET = "ModelArtifactBucketName"  # of a toolchain of an earlier version
_PARTS = ("InferenceSpecification", "AdditionalInferenceSpecifications", "ModelMetrics", "DriftCheckBaselines")
_READ = [
    "s3:GetObject",
    "s3:GetObjectAttributes",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
]


@dataclass(frozen=True)
class ArtifactPlace:
    """A bucket that approved packages refer to. ``own``: dev's; None where that could not be read.

    ``keys``: the KMS keys of what lies there. ``unread``: what could not be found out, and why.
    """

    bucket: str
    packages: tuple[str, ...]
    own: bool | None = True
    keys: tuple[str, ...] = ()
    unread: tuple[str, ...] = field(default=())


def artifact_locations(package: Mapping[str, Any]) -> list[S3Location]:
    """Every S3 location that a package's containers, metrics and baselines name, in DescribeModelPackage's words."""
    found = dict.fromkeys(uri for part in _PARTS for uri in _uris(package.get(part)))
    locations = []
    for uri in found:
        try:
            locations.append(s3_location(uri))
        except ModelPackageError:
            continue  # no location at all: resolving says so of the package that is released
    return locations


def toolchain_parameters_of(
    places: Sequence[ArtifactPlace], names: StageNames, current: Mapping[str, str], asked: Sequence[str] = ()
) -> dict[str, str]:
    """The toolchain's parameters for these places, over those that the stack has: nothing is taken away by itself.

    ``asked``: buckets that an option names. The project's own bucket, and dev's keys in its region, need no naming.
    """
    before = _split(current.get(BUCKETS, ""))
    former = [current[FORMER_BUCKET]] if current.get(FORMER_BUCKET) and not before else []
    buckets = [*former, *asked, *(each.bucket for each in places)]
    arns = [*before, *(bucket_arn(each, names) for each in buckets if each != names.dev_bucket)]
    keys = [*_split(current.get(KEYS, "")), *(key for each in places for key in each.keys if _is_foreign(key, names))]
    told = {BUCKETS: list(dict.fromkeys(arns)), KEYS: list(dict.fromkeys(keys))}
    return {name: ",".join(values) for name, values in told.items() if values}


def bucket_arn(bucket: str, names: StageNames) -> str:
    return f"arn:{names.partition}:s3:::{bucket}"


def place_lines(places: Sequence[ArtifactPlace], names: StageNames, told: Mapping[str, str]) -> list[str]:
    """What a plan says of them: each bucket, what was not read, what is not among the parameters, what to ask for.

    ``told``: the toolchain's parameters as they will be.
    """
    lines = []
    allowed = {bucket_arn(names.dev_bucket, names), *_split(told.get(BUCKETS, ""))}
    for each in places:
        owner = {True: "of this account", False: "of another account", None: "of an unknown account"}[each.own]
        keys = f", encrypted with {', '.join(each.keys)}" if each.keys else ""
        lines.append(f"models of {', '.join(each.packages)} lie in bucket {each.bucket} {owner}{keys}")
        lines += [f"  not read: {why}" for why in each.unread]
        if bucket_arn(each.bucket, names) not in allowed:
            lines.append(f"  !! {BUCKETS} does not name it: no build can read it")
        if each.own is False:
            lines += ["  its bucket policy must hold:", *_indented(bucket_statements(each.bucket, names))]
        for key in each.keys:
            if _is_foreign(key, names) and key not in _split(told.get(KEYS, "")):
                lines.append(f"  !! {KEYS} does not name {key}: no build can decrypt with it")
            if _account_of(key) != names.dev_account:
                lines += [f"  the policy of key {key} must hold:", *_indented([key_statement(names)])]
    return lines


def bucket_statements(bucket: str, names: StageNames) -> list[dict[str, Any]]:
    """What another account's bucket must allow to dev's builds: objects, and the bucket itself to be listed."""
    arn = bucket_arn(bucket, names)
    return [
        _statement("BuildsReadModels", _READ, f"{arn}/*", names),
        _statement("BuildsFindModels", ["s3:GetBucketLocation", "s3:ListBucket"], arn, names),
    ]


def key_statement(names: StageNames) -> dict[str, Any]:
    return _statement("BuildsDecryptModels", ["kms:Decrypt", "kms:DescribeKey"], "*", names)


def _statement(sid: str, actions: list[str], resource: str, names: StageNames) -> dict[str, Any]:
    """The account is the principal, narrowed by name: a role that is named as one must exist already."""
    account = f"arn:{names.partition}:iam::{names.dev_account}"
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": f"{account}:root"},
        "Action": actions,
        "Resource": resource,
        "Condition": {"ArnLike": {"aws:PrincipalArn": f"{account}:role/{names.project}-*"}},
    }


def _uris(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("s3://"):
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _uris(each)
    elif isinstance(value, list):
        for each in value:
            yield from _uris(each)


def _is_foreign(key: str, names: StageNames) -> bool:
    """Whether the builds' policy covers this key only where it is named."""
    return not key.startswith(f"arn:{names.partition}:kms:{names.region}:{names.dev_account}:")


def _account_of(arn: str) -> str:
    return arn.split(":")[4]


def _split(text: str) -> list[str]:
    return [each for each in text.split(",") if each]


def _indented(statements: list[dict[str, Any]]) -> list[str]:
    return [f"    {json.dumps(each)}" for each in statements]
