"""SageMaker pipelines: definitions that are checked, executions that really run their steps."""
