"""Processing and transform jobs that really run, in child processes under SageMaker's container contract."""
