"""Which condition keys localaws can tell the value of, or that they are absent. Pure.

A policy may test any other key that AWS fills; whether it holds cannot be told here, and the evaluator refuses rather
than guess. A key of another service than the action's is absent on AWS too.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from datetime import datetime

from localaws.core.arn import Arn
from localaws.policies.patterns import Context

# The organization of localaws' accounts: all of them are in one.
ORGANIZATION = "o-localaws0000"

_GLOBAL = frozenset(
    [
        "currenttime",
        "epochtime",
        "federatedprovider",
        "multifactorauthage",
        "multifactorauthpresent",
        "principalaccount",
        "principalarn",
        "principalisawsservice",
        "principalorgid",
        "principalservicename",
        "principalservicenameslist",
        "principaltype",
        "requestedregion",
        "securetransport",
        "sourceaccount",
        "sourcearn",
        "sourceidentity",
        "sourceip",
        "sourceowner",
        "sourceorgid",
        "sourcevpc",
        "sourcevpce",
        "sourcevpcarn",
        "tagkeys",
        "tokenissuetime",
        "userid",
        "username",
        "viaawsservice",
        "vpcsourceip",
    ]
)
_GLOBAL_FAMILIES = ("aws:principaltag/", "aws:requesttag/")
_OF_SERVICES = frozenset(
    [
        "cloudformation:changesetname",
        "cloudformation:importresourcetypes",
        "cloudformation:resourcetypes",
        "cloudformation:rolearn",
        "cloudformation:stackpolicyurl",
        "cloudformation:templateurl",
        "cloudwatch:namespace",
        "events:detail-type",
        "events:source",
        "iam:awsservicename",
        "iam:passedtoservice",
        "iam:permissionsboundary",
        "iam:policyarn",
        "kms:calleraccount",
        "kms:viaservice",
        "kms:encryptioncontextkeys",
        "s3:authtype",
        "s3:delimiter",
        "s3:if-match",
        "s3:if-none-match",
        "s3:locationconstraint",
        "s3:max-keys",
        "s3:objectcreationoperation",
        "s3:prefix",
        "s3:requestobjecttagkeys",
        "s3:signatureversion",
        "s3:tlsversion",
        "s3:versionid",
        "s3:x-amz-acl",
        "s3:x-amz-copy-source",
        "s3:x-amz-metadata-directive",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-customer-algorithm",
        "s3:x-amz-storage-class",
        "sns:endpoint",
        "sns:protocol",
        "ssm:overwrite",
        "ssm:recursive",
        "sts:externalid",
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
    ]
)
_FAMILIES_OF_SERVICES = ("kms:encryptioncontext:", "s3:requestobjecttag/")


def is_known(key: str, action: str) -> bool:
    """Whether ``key`` (lower case), where a request's context lacks it, is absent on AWS too."""
    service, _, name = key.partition(":")
    if service == "aws":
        return name in _GLOBAL or key.startswith(_GLOBAL_FAMILIES)
    if service != action.partition(":")[0].lower():
        return True
    return key in _OF_SERVICES or key.startswith(_FAMILIES_OF_SERVICES)


def of_service(service_principal: str, source_arn: str, now: datetime) -> Context:
    """The keys of a request that an AWS service makes on behalf of one of an account's resources."""
    source = Arn.parse(source_arn)
    return {
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (service_principal,),
        "aws:principalservicenameslist": (service_principal,),
        "aws:principaltype": ("AWSService",),
        "aws:requestedregion": (source.region,),
        "aws:securetransport": ("true",),
        "aws:sourceaccount": (source.account,),
        "aws:sourcearn": (source_arn,),
        "aws:sourceorgid": (ORGANIZATION,),
        **of_moment(now),
    }


def of_moment(now: datetime) -> Context:
    return {
        "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now.timestamp())),),
    }


def of_account(account: str) -> Context:
    """The keys that tell the account of a user or role, and its organization."""
    return {
        "aws:principalaccount": (account,),
        "aws:principalorgid": (ORGANIZATION,),
        "aws:principalisawsservice": ("false",),
        "aws:viaawsservice": ("false",),
        "aws:securetransport": ("true",),  # in-process and loopback traffic stands for TLS
    }
