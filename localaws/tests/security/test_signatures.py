"""Signed requests: who has another secret, or changes anything of what was signed, gets nothing."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from localaws.core.digests import digest
from localaws.server import Server
from tests.functional.server_process import session
from tests.security.wire import Wire, presigned, signed, signed_in_chunks
from tests.shared_server import DEV, PREPROD, REGION, secret_of

Client = Callable[..., Any]
Keys = tuple[str, str, str | None]

# A call of each family of protocols, and the codes and statuses that AWS answers in it.
CALLS = {
    "sts": ("get_caller_identity", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", (403, 403, 403)),
    "sagemaker": (
        "list_models",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "ExpiredTokenException",
        (403, 403, 403),
    ),
    "lambda": (
        "list_functions",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "ExpiredTokenException",
        (403, 403, 403),
    ),
    "s3": ("list_buckets", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", (403, 403, 400)),
    "ec2": ("describe_vpcs", "AuthFailure", "SignatureDoesNotMatch", "RequestExpired", (401, 403, 400)),
}


def keys_of(server: Server, account: str = DEV) -> Keys:
    return account, secret_of(server, account), None


def refusal(server: Server, service: str, key: str, secret: str, token: str | None = None) -> tuple[str, int]:
    found = session(REGION, aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token)  # type: ignore[arg-type]
    with pytest.raises(ClientError) as refused:
        getattr(found.client(service, endpoint_url=server.endpoint_url), CALLS[service][0])()
    return refused.value.response["Error"]["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


def session_keys(client: Client, unique: str) -> Keys:
    trust = f'{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{DEV}"}}, "Action": "sts:AssumeRole"}}}}'
    arn = client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    found = client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.aws_rule(
    "A request that another secret key has signed is refused, in the words of its service",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html",
)
def test_another_secret_is_refused(server: Server, service: str) -> None:
    _, _, code, _, (_, status, _) = CALLS[service]
    assert refusal(server, service, DEV, "local") == (code, status)
    assert refusal(server, service, DEV, secret_of(server, PREPROD)) == (code, status)


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.aws_rule(
    "An access key that AWS does not know is refused, in the words of its service",
    page="https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html",
)
def test_a_key_that_nobody_issued_is_refused(server: Server, service: str) -> None:
    _, code, _, _, (status, _, _) = CALLS[service]
    assert refusal(server, service, "AKIAIOSFODNN7EXAMPLE", "x") == (code, status)
    # an account that this server was not started with is none of its keys
    assert refusal(server, service, "777777777777", "x") == (code, status)


@pytest.mark.parametrize("service", ["sts", "s3", "sagemaker"])
def test_a_session_needs_the_token_that_was_issued_with_it(
    server: Server, client: Client, unique: str, service: str
) -> None:
    key, secret, token = session_keys(client, unique)
    _, _, others = session_keys(client, f"{unique}-2")
    _, unknown, _, _, (status, _, _) = CALLS[service]
    wrong = ("InvalidToken", 400) if service == "s3" else (unknown, status)
    assert refusal(server, service, key, secret, others) == wrong
    assert refusal(server, service, key, secret) == (unknown, status)
    assert refusal(server, service, DEV, secret_of(server, DEV), token) == wrong


@pytest.mark.parametrize("service", CALLS)
def test_an_expired_session_is_told_so(server: Server, client: Client, unique: str, service: str) -> None:
    key, secret, token = session_keys(client, unique)
    sessions = server.cloud.store.table("sts.session")
    kept = sessions.get(key)
    assert kept is not None
    sessions.put(key, {**kept, "Expiration": server.cloud.clock.now() - timedelta(seconds=1)})
    _, _, _, code, (_, _, status) = CALLS[service]
    assert refusal(server, service, key, secret, token) == (code, status)


def test_an_inactive_key_of_a_user_is_no_key(server: Server, client: Client, unique: str) -> None:
    iam = client("iam")
    iam.create_user(UserName=unique)
    key = iam.create_access_key(UserName=unique)["AccessKey"]
    own = session(REGION, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    arn = own.client("sts", endpoint_url=server.endpoint_url).get_caller_identity()["Arn"]
    assert arn.endswith(f":user/{unique}")
    assert refusal(server, "sts", key["AccessKeyId"], "x")[0] == "SignatureDoesNotMatch"
    iam.update_access_key(UserName=unique, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refusal(server, "sts", key["AccessKeyId"], key["SecretAccessKey"])[0] == "InvalidClientTokenId"


@pytest.mark.parametrize("minutes", [-16, 16])
@pytest.mark.aws_rule(
    "A request whose date is more than 15 minutes away is refused",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
)
def test_a_request_of_another_time_is_refused(server: Server, minutes: int) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    answer = signed(server, keys_of(server), "GET", "/", moment=moment).sent(server)
    assert (answer.status, answer.code) == (403, "RequestTimeTooSkewed")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    asked = signed(server, keys_of(server), "POST", "/", "sts", body, form, moment).sent(server)
    assert (asked.status, asked.code) == (403, "SignatureDoesNotMatch")
    assert b"Signature expired" in asked.body


def test_what_was_signed_is_what_is_answered(server: Server, bucket: str) -> None:
    """The way of all that follows: unchanged, each of these is accepted."""
    for request in replayed(server, bucket).values():
        assert request.sent(server).status == 200


def replayed(server: Server, bucket: str) -> dict[str, Wire]:
    keys = keys_of(server)
    json_target = {"X-Amz-Target": "SageMaker.ListModels", "Content-Type": "application/x-amz-json-1.1"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    meta = {"x-amz-meta-colour": "light blue", "Content-Type": "text/plain"}
    return {
        "put": signed(server, keys, "PUT", f"/{bucket}/b%20c.txt", body=b"bytes", headers=meta),
        "list": signed(server, keys, "GET", f"/{bucket}?list-type=2&prefix=a%2Bb"),
        "json": signed(server, keys, "POST", "/", "sagemaker", b'{"MaxResults": 5}', json_target),
        "query": signed(server, keys, "POST", "/", "sts", b"Action=GetCallerIdentity&Version=2011-06-15", form),
        "presigned": presigned(server, keys, "GET", f"/{bucket}/a.txt"),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"method": "DELETE"},
        {"body": b"bytez"},
        {"body": b""},
        {"target": "other"},
        {"x-amz-meta-colour": "red"},
        {"x-amz-acl": "public-read"},  # one more that was not signed
        {"x-amz-copy-source": "/other/key"},
        {"x-amz-meta_colour": "light blue"},  # under a name that only looks like the signed one
        {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"},
    ],
)
def test_a_replay_with_anything_changed_is_refused(
    server: Server, client: Client, bucket: str, change: dict[str, Any]
) -> None:
    request = replayed(server, bucket)["put"]
    ((name, value),) = change.items()
    if name == "target":
        changed = replace(request, target=f"/{bucket}/elsewhere")
    elif name in ("method", "body"):
        changed = replace(request, **change)
    else:
        kept = {known: each for known, each in request.headers.items() if known != name.replace("_", "-")}
        changed = replace(request, headers={**kept, name: value})
    answer = changed.sent(server)
    assert answer.status in (400, 403), answer.body
    assert [each["Key"] for each in client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["a.txt"]


PRINTABLE = [each for each in string.printable if not each.isspace()]
TOKEN = string.ascii_letters


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_changed_byte_is_refused(server: Server, bucket: str, data: st.DataObject) -> None:
    requests = replayed(server, bucket)
    request = requests[data.draw(st.sampled_from(sorted(requests)))]
    named = [name for name in request.headers if name.lower() not in ("user-agent", "content-length")]
    part = data.draw(st.sampled_from(["method", "target", "body", *named]))
    text = {"method": request.method, "target": request.target, "body": request.body.decode()}.get(part)
    whole = text if text is not None else request.headers[part]
    first = 1 if part == "target" else 0  # a target begins with a slash
    assume(len(whole) > first)
    place = data.draw(st.integers(first, len(whole) - 1))
    alphabet = TOKEN if part == "method" else PRINTABLE
    other = data.draw(st.sampled_from([each for each in alphabet if each != whole[place]]))
    changed = whole[:place] + other + whole[place + 1 :]
    if part == "method":
        asked = replace(request, method=changed)
    elif part == "target":
        asked = replace(request, target=changed)
    elif part == "body":
        asked = replace(request, body=changed.encode())
    else:
        asked = request.with_header(part, changed)
    answer = asked.sent(server)
    assert answer.status in (400, 401, 403), (part, changed, answer)


def test_two_mechanisms_at_once_are_refused(server: Server, bucket: str) -> None:
    target = presigned(server, keys_of(server), "GET", f"/{bucket}/a.txt").target
    answer = signed(server, keys_of(server), "GET", target).sent(server)
    assert (answer.status, answer.code) == (400, "InvalidArgument")


@pytest.mark.parametrize("header", ["Bearer x", "AWS AKIA:sig", "Basic eDp5", "AWS4-HMAC-SHA256 Credential=x", "x"])
def test_other_mechanisms_are_refused_by_name(server: Server, header: str) -> None:
    answer = Wire("GET", "/", {"Authorization": header}).sent(server)
    assert (answer.status, answer.code) in ((400, "InvalidRequest"), (400, "AuthorizationHeaderMalformed"))


@pytest.mark.parametrize("trailer", [None, digest("CRC32", [b"a" * 10_000 + b"end"])])
def test_chunks_that_are_signed_one_by_one_are_kept_and_no_other_is(
    server: Server, client: Client, bucket: str, trailer: str | None
) -> None:
    line = f"x-amz-checksum-crc32:{trailer}" if trailer else ""
    request = signed_in_chunks(server, keys_of(server), f"/{bucket}/b", [b"a" * 10_000, b"end"], line)
    for found, other in ((b"aaa\r\n", b"aab\r\n"), (b"end", b"and"), (b"chunk-signature=", b"chunk-signature=0")):
        answer = replace(request, body=request.body.replace(found, other)).sent(server)
        assert (answer.status, answer.code) in ((403, "SignatureDoesNotMatch"), (400, "IncompleteBody"))
    assert [each["Key"] for each in client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["a.txt"]
    assert request.sent(server).status == 200
    kept = client("s3").get_object(Bucket=bucket, Key="b", ChecksumMode="ENABLED")
    assert (kept["Body"].read(), kept.get("ContentEncoding"), kept.get("ChecksumCRC32")) == (
        b"a" * 10_000 + b"end",
        None,
        trailer,
    )


def test_chunks_that_are_signed_in_another_way_are_refused_by_name(server: Server, bucket: str) -> None:
    headers = {"X-Amz-Content-SHA256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "Content-Encoding": "aws-chunked"}
    request = signed(server, keys_of(server), "PUT", f"/{bucket}/b", body=b"5\r\nbytes\r\n0\r\n\r\n")
    answer = replace(request, headers={**request.headers, **headers}).sent(server)
    assert (answer.status, answer.code) == (501, "NotImplemented")
