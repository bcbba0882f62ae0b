"""Models that lie where training put them: SageMaker's default bucket, another account's bucket with a key of its own.

IAM is enforced. Build and Promote run as their roles, by builds of the toolchain's own projects whose commands are one
verb each; the CodePipeline itself is not part of it, its source leads nowhere.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.scripts.site import DEV_BUCKET, PROJECT, ROOT, EmbeddedAws, Site, wait_until

TRAINING = "770011223344"  # the account that trains models
DEFAULT_BUCKET = f"sagemaker-{REGION}-{DEV}"
PROJECT_BUCKET = "sagemaker-project-p-training"
TOOLCHAIN_BUCKET = f"{PROJECT}-toolchain-{DEV}-{REGION}"
CONNECTION = f"arn:aws:codeconnections:{REGION}:{DEV}:connection/11111111-1111-1111-1111-111111111111"
GITHUB = ("--source", "GitHub", "--github-repository", "team/batch", "--connection-arn", CONNECTION)
# Whoever registers a package must be able to read its model: here that is dev's administrator, and no build.
REGISTRANT = {
    "Sid": "RegistrantReads",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"},
    "Condition": {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{DEV}:root"}},
}
BUILDSPEC = """
version: 0.2
phases:
  build:
    commands:
      - CLOUD=aws {python} -m scripts.verbs.{verb}
"""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Foundations, and an approved version: its model in another account, its metrics in SageMaker's default bucket."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"), "--enforce-iam", "--account", TRAINING)
    try:
        site = Site(tmp_path_factory.mktemp("site"), aws.address, aws.client)
        aws.prepare(site)
        own_key = make_bucket(site, DEFAULT_BUCKET, DEV)
        make_bucket(site, PROJECT_BUCKET, TRAINING)
        allow(site, [REGISTRANT | {"Action": "s3:*", "Resource": f"arn:aws:s3:::{PROJECT_BUCKET}/*"}], [])
        allow(site, [], [REGISTRANT | {"Action": "kms:*", "Resource": "*"}])
        assert own_key.split(":")[4] == DEV
        register_from(site, PROJECT_BUCKET, DEFAULT_BUCKET)
        site.put_input("preprod")
        yield site
    finally:
        aws.stop()


def test_bootstrap_finds_the_buckets_and_says_what_the_other_account_must_allow(team: Site) -> None:
    done = team.run("bootstrap", "--yes", *GITHUB)
    assert done.returncode == 0, done.stderr
    assert f"lie in bucket {DEFAULT_BUCKET} of this account" in done.stderr
    assert f"lie in bucket {PROJECT_BUCKET} of another account" in done.stderr
    parameters = toolchain_parameters(team)
    assert set(parameters["ModelArtifactBucketArns"].split(",")) == {
        f"arn:aws:s3:::{DEFAULT_BUCKET}",
        f"arn:aws:s3:::{PROJECT_BUCKET}",
    }
    assert key_of(team).split(":")[4] == TRAINING
    assert parameters["ModelArtifactKeyArns"] == key_of(team)
    assert "BuildsReadModels" in done.stderr
    assert "BuildsDecryptModels" in done.stderr


@pytest.mark.aws_rule(
    "Reading another account's object needs both its bucket policy and, where KMS encrypts it, its key policy",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html",
)
def test_until_the_other_account_lets_them_in_builds_are_refused_and_the_refusal_leads_to_bootstrap(team: Site) -> None:
    status, log = build(team, "build", "release")
    assert status == "FAILED"
    assert "make bootstrap" in log
    assert PROJECT_BUCKET in log


def test_with_the_statements_that_bootstrap_prints_build_resolves_and_promote_copies(team: Site) -> None:
    done = team.run("bootstrap", "--yes", "--no-foundation", BOOTSTRAP_PROFILES="")
    assert done.returncode == 0, done.stderr
    let_in(team, done.stderr)
    assert build(team, "build", "release") == ("SUCCEEDED", "")
    # A CodePipeline would hand the build's release.json on; here it is made once more, where the source is packed.
    assert team.run("release").returncode == 0
    assert build(team, "promote", "promote --stage preprod") == ("SUCCEEDED", "")
    (promoted,) = team.promoted("preprod")
    url = promoted["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert url.startswith(f"s3://{PROJECT}-preprod-{PREPROD}-{REGION}/model-artifacts/")


def test_a_bucket_that_nothing_refers_to_any_more_is_kept_and_one_may_be_added(team: Site) -> None:
    before = toolchain_parameters(team)["ModelArtifactBucketArns"].split(",")
    team.register()  # in the project's own bucket, which needs no naming
    done = team.run("bootstrap", "--yes", "--model-artifact-bucket", "archive-of-models")
    assert done.returncode == 0, done.stderr
    assert f"lie in bucket {DEV_BUCKET} of this account" in done.stderr
    after = toolchain_parameters(team)["ModelArtifactBucketArns"].split(",")
    assert after == [*before, "arn:aws:s3:::archive-of-models"]


def make_bucket(site: Site, bucket: str, account: str) -> str:
    """A bucket that encrypts with a key of its account; the key's ARN."""
    arn: str = site.client("kms", account=account).create_key()["KeyMetadata"]["Arn"]
    s3 = site.client("s3", account=account)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": by_key}]},
    )
    return arn


def register_from(site: Site, model_bucket: str, metrics_bucket: str) -> None:
    """The version that ``Site.register`` makes, with its files moved to where another training would leave them."""
    first = site.register(approval="PendingManualApproval")
    package = site.client("sagemaker").describe_model_package(ModelPackageName=first)
    container = package["InferenceSpecification"]["Containers"][0]
    quality = package["ModelMetrics"]["ModelQuality"]["Statistics"]
    for holder, member, bucket, account in (
        (container, "ModelDataUrl", model_bucket, TRAINING),
        (quality, "S3Uri", metrics_bucket, DEV),
    ):
        key = holder[member].removeprefix(f"s3://{DEV_BUCKET}/")
        body = site.client("s3").get_object(Bucket=DEV_BUCKET, Key=key)["Body"].read()
        site.client("s3", account=account).put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256")
        holder[member] = f"s3://{bucket}/{key}"
    site.register(
        InferenceSpecification=package["InferenceSpecification"],
        ModelMetrics={"ModelQuality": {"Statistics": quality}},
        DriftCheckBaselines={"ModelQuality": {"Statistics": quality}},
    )


def let_in(site: Site, told: str) -> None:
    """Put the statements that bootstrap printed into the other account's bucket policy and key policy."""
    statements = [json.loads(line) for line in told.splitlines() if line.lstrip().startswith('{"Sid"')]
    of_bucket = [each for each in statements if each["Sid"] in ("BuildsReadModels", "BuildsFindModels")]
    of_key = [each for each in statements if each["Sid"] == "BuildsDecryptModels"]
    allow(site, of_bucket, of_key)


def allow(site: Site, of_bucket: list[dict[str, Any]], of_key: list[dict[str, Any]]) -> None:
    """Add statements to the policies of the other account's bucket and key."""
    s3, kms = site.client("s3", account=TRAINING), site.client("kms", account=TRAINING)
    if of_bucket:
        try:
            policy = json.loads(s3.get_bucket_policy(Bucket=PROJECT_BUCKET)["Policy"])
        except s3.exceptions.ClientError:
            policy = {"Version": "2012-10-17", "Statement": []}
        policy["Statement"] += of_bucket
        s3.put_bucket_policy(Bucket=PROJECT_BUCKET, Policy=json.dumps(policy))
    if of_key:
        key = key_of(site)
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        policy["Statement"] += of_key
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


def key_of(site: Site) -> str:
    """The ARN of the other account's key."""
    answer = site.client("s3", account=TRAINING).get_bucket_encryption(Bucket=PROJECT_BUCKET)
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return str(rules[0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"])


def put_source(site: Site) -> str:
    """Where a build may read the team's files, beside the code that its verbs run: a build sees nothing else."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in (site.folder, ROOT / "scripts"):
            base = folder if folder == site.folder else ROOT
            for path in folder.rglob("*"):
                if path.is_file() and not {".git", "__pycache__"} & set(path.parts):
                    archive.write(path, path.relative_to(base))
    key = "0/Source/tree.zip"
    site.client("s3").put_object(Bucket=TOOLCHAIN_BUCKET, Key=key, Body=content.getvalue())
    return f"{TOOLCHAIN_BUCKET}/{key}"


def build(site: Site, kind: str, verb: str) -> tuple[str, str]:
    """The status of a build of the toolchain's project for this work, which runs one verb; its log where it failed."""

    codebuild = site.client("codebuild")
    project = min(each for each in codebuild.list_projects()["projects"] if each.startswith(f"{PROJECT}-{kind}"))
    buildspec = BUILDSPEC.format(python=sys.executable, verb=verb)
    started = codebuild.start_build(
        projectName=project,
        sourceTypeOverride="S3",
        sourceLocationOverride=put_source(site),
        artifactsOverride={"type": "NO_ARTIFACTS"},
        cacheOverride={"type": "NO_CACHE"},
        buildspecOverride=buildspec,
    )["build"]

    def now() -> dict[str, Any]:
        return dict(codebuild.batch_get_builds(ids=[started["id"]])["builds"][0])

    wait_until(lambda: now()["buildStatus"] != "IN_PROGRESS", 60)
    ended = now()
    if ended["buildStatus"] == "SUCCEEDED":
        return "SUCCEEDED", ""
    group, stream = ended["logs"]["groupName"], ended["logs"]["streamName"]
    events = site.client("logs").get_log_events(logGroupName=group, logStreamName=stream)["events"]
    return ended["buildStatus"], "".join(each["message"] for each in events)


def toolchain_parameters(site: Site) -> dict[str, str]:
    stack = site.client("cloudformation").describe_stacks(StackName=f"{PROJECT}-toolchain")["Stacks"][0]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
