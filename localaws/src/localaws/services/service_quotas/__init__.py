"""Service Quotas: SageMaker's quotas of each account and region, which SageMaker's jobs here keep."""
