"""SageMaker's model registry: groups, packages, the policies that share them, and tags."""
