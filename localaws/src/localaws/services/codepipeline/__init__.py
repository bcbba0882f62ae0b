"""CodePipeline: declarations that are checked when they are made, and executions that really run."""
