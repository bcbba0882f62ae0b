"""With IAM enforced: copies of versions with tags and under keys, checksums under keys, and messages under keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.server_process import ServerProcess
from tests.functional.test_iam_enforcement import Enforced, denied, statement

COPYING = ("s3:GetObjectVersion", "s3:PutObject")


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    server = ServerProcess(tmp_path_factory.mktemp("aws"), [DEV, PREPROD], REGION, "--enforce-iam")
    yield Enforced(server)
    server.stop()


def _versioned(enforced: Enforced, name: str, **options: Any) -> dict[str, str]:
    """A version in a versioned bucket, as CopySource takes it."""
    s3 = enforced.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=name, Key="model", Body=b"x" * 10, **options)["VersionId"]
    return {"Bucket": name, "Key": "model", "VersionId": version}


@pytest.mark.aws_rule(
    "Copying a version that has tags needs s3:GetObjectVersionTagging on it and s3:PutObjectTagging on the copy",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html",
)
def test_a_version_with_tags_is_copied(enforced: Enforced, unique: str) -> None:
    source = _versioned(enforced, unique, Tagging="stage=dev")
    copy = {"Bucket": unique, "Key": "copy", "CopySource": source}
    may = [statement(COPYING, f"arn:aws:s3:::{unique}/*")]
    for number, lacking in enumerate(("s3:GetObjectVersionTagging", "s3:PutObjectTagging")):
        s3 = enforced.client("s3", keys=enforced.role(f"{unique}-{number}", *may))
        assert lacking in denied(s3.copy_object, **copy)[1]
        s3.copy_object(**copy, TaggingDirective="REPLACE")
        may.append(statement([lacking, "s3:GetObjectTagging"], f"arn:aws:s3:::{unique}/*"))
    enforced.client("s3", keys=enforced.role(f"{unique}-all", *may)).copy_object(**copy)
    tags = enforced.client("s3").get_object_tagging(Bucket=unique, Key="copy")["TagSet"]
    assert tags == [{"Key": "stage", "Value": "dev"}]


def test_a_version_without_tags_needs_no_more(enforced: Enforced, unique: str) -> None:
    source = _versioned(enforced, unique)
    keys = enforced.role(unique, statement(COPYING, f"arn:aws:s3:::{unique}/*"))
    enforced.client("s3", keys=keys).copy_object(Bucket=unique, Key="copy", CopySource=source)
    assert enforced.client("s3").get_object(Bucket=unique, Key="copy")["Body"].read() == b"x" * 10


@pytest.mark.aws_rule(
    "The checksum of an object under a KMS key is told only to who may decrypt with it",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html",
)
def test_a_checksum_under_a_key_needs_the_key(enforced: Enforced, unique: str) -> None:
    key = enforced.client("kms").create_key()["KeyMetadata"]["Arn"]
    source = _versioned(enforced, unique, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    reading = statement("s3:GetObjectVersion", f"arn:aws:s3:::{unique}/*")
    s3 = enforced.client("s3", keys=enforced.role(unique, reading))
    assert s3.head_object(**source)["ContentLength"] == 10
    with pytest.raises(Exception, match="403"):
        s3.head_object(**source, ChecksumMode="ENABLED")
    using = statement("kms:Decrypt", key)
    s3 = enforced.client("s3", keys=enforced.role(f"{unique}-2", reading, using))
    assert s3.head_object(**source, ChecksumMode="ENABLED")["ContentLength"] == 10


@pytest.mark.aws_rule(
    "A copy in parts under a key needs kms:GenerateDataKey to begin and kms:Decrypt for each part",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html",
)
def test_a_copy_in_parts_under_a_key(enforced: Enforced, unique: str) -> None:
    key = enforced.client("kms").create_key()["KeyMetadata"]["Arn"]
    source = _versioned(enforced, unique)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    where = {"Bucket": unique, "Key": "copy"}
    may = [statement(COPYING, f"arn:aws:s3:::{unique}/*")]
    s3 = enforced.client("s3", keys=enforced.role(unique, *may))
    assert "kms:GenerateDataKey" in denied(s3.create_multipart_upload, **where, **encryption)[1]
    may.append(statement("kms:GenerateDataKey", key))
    s3 = enforced.client("s3", keys=enforced.role(f"{unique}-2", *may))
    upload = s3.create_multipart_upload(**where, **encryption)["UploadId"]
    part = {**where, "UploadId": upload, "PartNumber": 1, "CopySource": source}
    assert "kms:Decrypt" in denied(s3.upload_part_copy, **part)[1]
    may.append(statement("kms:Decrypt", key))
    s3 = enforced.client("s3", keys=enforced.role(f"{unique}-3", *may))
    etag = s3.upload_part_copy(**part)["CopyPartResult"]["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)


@pytest.mark.aws_rule(
    "Who publishes to an encrypted topic needs kms:GenerateDataKey and kms:Decrypt on its key",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
def test_publishing_to_an_encrypted_topic_needs_its_key(enforced: Enforced, unique: str) -> None:
    key = enforced.client("kms").create_key()["KeyMetadata"]["Arn"]
    topic = enforced.client("sns").create_topic(Name=unique, Attributes={"KmsMasterKeyId": key})["TopicArn"]
    publishing = statement("sns:Publish", topic)
    sns = enforced.client("sns", keys=enforced.role(unique, publishing))
    code, message = denied(sns.publish, TopicArn=topic, Message="x")
    assert (code, "kms:GenerateDataKey" in message) == ("AuthorizationError", True)
    through = {
        "StringEquals": {
            "kms:ViaService": f"sns.{REGION}.amazonaws.com",
            "kms:EncryptionContext:aws:sns:topicArn": topic,
        }
    }
    using = statement(["kms:GenerateDataKey*", "kms:Decrypt"], key, Condition=through)
    enforced.client("sns", keys=enforced.role(f"{unique}-2", publishing, using)).publish(TopicArn=topic, Message="x")


@pytest.mark.aws_rule(
    "Who sends to an encrypted queue needs kms:GenerateDataKey and kms:Decrypt on its key, who receives kms:Decrypt",
    page="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
)
def test_an_encrypted_queue_needs_its_key(enforced: Enforced, unique: str) -> None:
    key = enforced.client("kms").create_key()["KeyMetadata"]["Arn"]
    url = enforced.client("sqs").create_queue(QueueName=unique, Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    messages = statement(["sqs:SendMessage", "sqs:ReceiveMessage"], f"arn:aws:sqs:{REGION}:{DEV}:{unique}")
    sqs = enforced.client("sqs", keys=enforced.role(unique, messages))
    assert "kms:GenerateDataKey" in denied(sqs.send_message, QueueUrl=url, MessageBody="x")[1]
    assert "kms:Decrypt" in denied(sqs.receive_message, QueueUrl=url)[1]
    reading = enforced.role(f"{unique}-2", messages, statement("kms:Decrypt", key))
    enforced.client("sqs", keys=reading).receive_message(QueueUrl=url)


@pytest.mark.aws_rule(
    "A role that may describe some alarms only may not call DescribeAlarms at all",
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/permissions-reference-cw.html",
)
def test_describing_alarms_needs_all_of_them(enforced: Enforced, unique: str) -> None:
    alarms = f"arn:aws:cloudwatch:{REGION}:{DEV}:alarm:"
    narrow = enforced.role(unique, statement("cloudwatch:DescribeAlarms", f"{alarms}{unique}-*"))
    assert f"{alarms}*" in denied(enforced.client("cloudwatch", keys=narrow).describe_alarms, AlarmNamePrefix=unique)[1]
    wide = enforced.role(f"{unique}-2", statement("cloudwatch:DescribeAlarms", f"{alarms}*"))
    assert enforced.client("cloudwatch", keys=wide).describe_alarms(AlarmNamePrefix=unique)["MetricAlarms"] == []
