"""SageMaker: jobs that really run, pipelines that run them, models and the registry."""
