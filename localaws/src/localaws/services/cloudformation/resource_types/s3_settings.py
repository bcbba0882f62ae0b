"""A bucket's properties as S3's operations take them: CloudFormation names many of their members differently. Pure."""

from __future__ import annotations

import re
from typing import Any

from localaws.services.cloudformation.errors import ResourceError

Value = dict[str, Any]


def booleans(value: Value) -> Value:
    return {key: as_boolean(item) for key, item in value.items()}


def as_boolean(value: Any) -> bool:
    return str(value).lower() == "true"


def canned_acl(value: str) -> str:
    """``PublicReadWrite`` -> ``public-read-write``."""
    return re.sub(r"(?<!^)([A-Z])", r"-\1", value).lower()


def encryption(value: Value) -> Value:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        converted: Value = {}
        if "ServerSideEncryptionByDefault" in rule:
            converted["ApplyServerSideEncryptionByDefault"] = dict(rule["ServerSideEncryptionByDefault"])
        if "BucketKeyEnabled" in rule:
            converted["BucketKeyEnabled"] = as_boolean(rule["BucketKeyEnabled"])
        if "BlockedEncryptionTypes" in rule:
            converted["BlockedEncryptionTypes"] = rule["BlockedEncryptionTypes"]
        rules.append(converted)
    return {"Rules": rules}


def logging(value: Value) -> Value:
    if "DestinationBucketName" not in value:
        raise ResourceError("localaws needs DestinationBucketName in LoggingConfiguration.")
    enabled = {"TargetBucket": value["DestinationBucketName"], "TargetPrefix": value.get("LogFilePrefix", "")}
    if "TargetObjectKeyFormat" in value:
        enabled["TargetObjectKeyFormat"] = value["TargetObjectKeyFormat"]
    return {"LoggingEnabled": enabled}


def cors(value: Value) -> Value:
    names = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    return {"CORSRules": [{names.get(key, key): item for key, item in rule.items()} for rule in value["CorsRules"]]}


def notification(value: Value) -> Value:
    converted: Value = {}
    bridge = value.get("EventBridgeConfiguration")
    if bridge is not None and as_boolean(bridge.get("EventBridgeEnabled", True)):
        converted["EventBridgeConfiguration"] = {}
    kinds = {
        "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
        "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
        "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    }
    for key, (member, target, arn) in kinds.items():
        if key in value:
            converted[member] = [_notified(each, target, arn) for each in value[key]]
    return converted


def _notified(configuration: Value, target: str, arn: str) -> Value:
    converted = {arn: configuration[target], "Events": [configuration["Event"]]}
    rules = configuration.get("Filter", {}).get("S3Key", {}).get("Rules")
    return {**converted, "Filter": {"Key": {"FilterRules": rules}}} if rules else converted


def website(value: Value) -> Value:
    converted: Value = {}
    if "IndexDocument" in value:
        converted["IndexDocument"] = {"Suffix": value["IndexDocument"]}
    if "ErrorDocument" in value:
        converted["ErrorDocument"] = {"Key": value["ErrorDocument"]}
    if "RedirectAllRequestsTo" in value:
        converted["RedirectAllRequestsTo"] = value["RedirectAllRequestsTo"]
    if "RoutingRules" in value:
        raise ResourceError("localaws does not implement RoutingRules of a bucket's website.")
    return converted


def object_lock(value: Value) -> Value:
    converted = dict(value)
    retention = value.get("Rule", {}).get("DefaultRetention")
    if retention:
        days = {key: int(retention[key]) for key in ("Days", "Years") if key in retention}
        converted["Rule"] = {"DefaultRetention": {**retention, **days}}
    return converted


def lifecycle(value: Value) -> Value:
    return {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}


def _lifecycle_rule(rule: Value) -> Value:
    converted: Value = {"Status": rule["Status"], "Filter": _lifecycle_filter(rule)}
    if "Id" in rule:
        converted["ID"] = rule["Id"]
    expiration: Value = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if "ExpirationDate" in rule:
        expiration["Date"] = rule["ExpirationDate"]
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = as_boolean(rule["ExpiredObjectDeleteMarker"])
    if expiration:
        converted["Expiration"] = expiration
    if "AbortIncompleteMultipartUpload" in rule:
        days = int(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        converted["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    return {**converted, **_noncurrent(rule), **_transitions(rule)}


def _lifecycle_filter(rule: Value) -> Value:
    tests: Value = {}
    if "Prefix" in rule:
        tests["Prefix"] = rule["Prefix"]
    for size in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if size in rule:
            tests[size] = int(rule[size])
    tags = rule.get("TagFilters", [])
    if len(tests) + len(tags) > 1:
        return {"And": {**tests, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else tests or {"Prefix": ""}


def _noncurrent(rule: Value) -> Value:
    converted: Value = {}
    if "NoncurrentVersionExpiration" in rule:
        found = rule["NoncurrentVersionExpiration"]
        converted["NoncurrentVersionExpiration"] = {key: int(item) for key, item in found.items()}
    elif "NoncurrentVersionExpirationInDays" in rule:
        days = int(rule["NoncurrentVersionExpirationInDays"])
        converted["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    moves = [*rule.get("NoncurrentVersionTransitions", []), *_single(rule, "NoncurrentVersionTransition")]
    if moves:
        converted["NoncurrentVersionTransitions"] = [
            {
                "NoncurrentDays": int(move["TransitionInDays"]),
                "StorageClass": move["StorageClass"],
                **(
                    {"NewerNoncurrentVersions": int(move["NewerNoncurrentVersions"])}
                    if "NewerNoncurrentVersions" in move
                    else {}
                ),
            }
            for move in moves
        ]
    return converted


def _transitions(rule: Value) -> Value:
    moves = [*rule.get("Transitions", []), *_single(rule, "Transition")]
    converted = []
    for move in moves:
        when: Value = {"Days": int(move["TransitionInDays"])} if "TransitionInDays" in move else {}
        if "TransitionDate" in move:
            when["Date"] = move["TransitionDate"]
        converted.append({**when, "StorageClass": move["StorageClass"]})
    return {"Transitions": converted} if converted else {}


def _single(rule: Value, key: str) -> list[Value]:
    return [rule[key]] if key in rule else []
