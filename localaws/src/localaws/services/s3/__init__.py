"""S3 in front of moto: bucket policies that are documents, the checks that moto lacks, events for EventBridge."""

from localaws.services.s3.bucket_policies import BucketPolicies
from localaws.services.s3.objects import Objects

__all__ = ["BucketPolicies", "Objects"]
