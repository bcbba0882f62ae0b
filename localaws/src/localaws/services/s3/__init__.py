"""S3 in front of moto: bucket policies that are documents, the checks that moto lacks, events for EventBridge."""
