"""Members of requests that localaws' own operations do not read: refused by name, or left aside with a reason.

A member is refused where leaving it aside would change what happens; then the front door says so before anything is
done. ``tests/unit/test_request_members.py`` compares with what the code reads; ``docs/differences.md`` has the lists.
"""

from __future__ import annotations

from collections.abc import Mapping

# service -> operation -> member -> why
Table = Mapping[str, Mapping[str, Mapping[str, str]]]

_KEPT = "kept and described; nothing acts on it"
_CHECKED = "templates are always checked before anything is made"
_SIZE = "a token's size has no meaning here"
_MFA = "there are no MFA devices"
_DEPLOYMENT = "stacks are deployed in one way"
_POLICY_URL = "give the text of the stack policy"
_S3_OWN_KEYS = "no object has a customer's own key"

REFUSED: Table = {
    "cloudformation": {
        "ContinueUpdateRollback": {"ForceRollback": "name the resources in ResourcesToSkip"},
        "CreateChangeSet": {"DeploymentConfig": _DEPLOYMENT},
        "CreateStack": {"DeploymentConfig": _DEPLOYMENT, "StackPolicyURL": _POLICY_URL},
        "DeleteStack": {"DeploymentConfig": _DEPLOYMENT},
        "GetTemplateSummary": {
            "CallAs": "there are no stack sets",
            "StackSetName": "there are no stack sets",
            "TemplateSummaryConfig": "an unrecognized type is an error",
        },
        "RollbackStack": {"DeploymentConfig": _DEPLOYMENT},
        "SetStackPolicy": {"StackPolicyURL": _POLICY_URL},
        "UpdateStack": {
            "DeploymentConfig": _DEPLOYMENT,
            "StackPolicyDuringUpdateURL": _POLICY_URL,
            "StackPolicyURL": _POLICY_URL,
        },
    },
    "cloudwatch": {
        "DescribeAlarmHistory": {
            "AlarmContributorId": "alarms have no contributors",
            "AlarmTypes": "the history is not told by the alarms' types",
        }
    },
    "codecommit": {
        "CreateCommit": {"keepEmptyFolders": "git keeps no empty folders, and no .gitkeep is made"},
        "DeleteFile": {"keepEmptyFolders": "git keeps no empty folders, and no .gitkeep is made"},
    },
    "codeconnections": {"ListConnections": {"HostArnFilter": "there are no hosts"}},
    "codestar-connections": {"ListConnections": {"HostArnFilter": "there are no hosts"}},
    "s3": {
        "UploadPartCopy": {
            **dict.fromkeys(
                (
                    *("CopySourceSSECustomerAlgorithm", "CopySourceSSECustomerKey", "CopySourceSSECustomerKeyMD5"),
                    *("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"),
                ),
                _S3_OWN_KEYS,
            ),
        }
    },
    "sagemaker": {
        "CreateModel": {"InferenceExecutionConfig": "a model has one container, or a pipeline of them"},
        "CreateModelPackage": {"ValidationSpecification": "no package is validated by jobs"},
    },
    "service-quotas": {
        "GetServiceQuota": {"ContextId": "quotas are the account's"},
        "RequestServiceQuotaIncrease": {"ContextId": "quotas are the account's"},
    },
    "sns": {"ConfirmSubscription": {"AuthenticateOnUnsubscribe": "whoever has the link may unsubscribe"}},
    "sts": {
        "AssumeRole": {
            "ProvidedContexts": "no provider's assertions are verified",
            "SerialNumber": _MFA,
            "TokenCode": _MFA,
        }
    },
}

IGNORED: Table = {
    "cloudformation": {
        "CreateChangeSet": {"DisableValidation": _CHECKED},
        "CreateStack": {"DisableValidation": _CHECKED},
        "UpdateStack": {"DisableValidation": _CHECKED},
    },
    "codestar-notifications": {"Subscribe": {"ClientRequestToken": "subscribing again changes nothing"}},
    "events": {
        "DeleteRule": {"Force": "no rule is managed by a service"},
        "RemoveTargets": {"Force": "no rule is managed by a service"},
    },
    "s3": {
        "PutBucketLogging": dict.fromkeys(("ChecksumAlgorithm", "ContentMD5"), "the signature covers the body"),
        "PutBucketPolicy": {
            **dict.fromkeys(("ChecksumAlgorithm", "ContentMD5"), "the signature covers the body"),
            "ConfirmRemoveSelfBucketAccess": "the account's root can always put another policy",
        },
        "UploadPartCopy": {"RequestPayer": "nobody pays"},
    },
    "sagemaker": {
        "CreateModel": {"VpcConfig": "jobs run on this machine, in no VPC"},
        "CreateModelPackage": dict.fromkeys(
            (
                *("Domain", "DriftCheckBaselines", "ManagedStorageType", "MetadataProperties"),
                *("ModelMetrics", "ModelPackageDescription", "SamplePayloadUrl", "SecurityConfig"),
                *("SourceAlgorithmSpecification", "Task"),
            ),
            _KEPT,
        ),
        "CreateEndpointConfig": dict.fromkeys(
            (
                *("AsyncInferenceConfig", "CrossRegionTrafficConfig", "DataCaptureConfig", "ExecutionRoleArn"),
                *("ExplainerConfig", "KmsKeyId", "MetricsConfig", "VpcConfig"),
            ),
            _KEPT,
        ),
        "CreateProcessingJob": {"ExperimentConfig": _KEPT},
        "CreateTransformJob": {"ExperimentConfig": _KEPT},
    },
    "scheduler": {
        "CreateSchedule": {"Description": _KEPT, "KmsKeyArn": _KEPT},
        "UpdateSchedule": {"Description": _KEPT, "KmsKeyArn": _KEPT},
    },
    "service-quotas": {"RequestServiceQuotaIncrease": {"SupportCaseAllowed": "there is no support"}},
    "sts": {
        "AssumeRole": {"MinimumSessionTokenSize": _SIZE},
        "GetFederationToken": {"MinimumSessionTokenSize": _SIZE},
        "GetSessionToken": {"MinimumSessionTokenSize": _SIZE},
    },
}
