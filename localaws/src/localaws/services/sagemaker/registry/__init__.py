"""SageMaker's model registry: groups, packages, the policies that share them, and tags."""

from localaws.services.sagemaker.registry.groups import ModelPackageGroups
from localaws.services.sagemaker.registry.packages import ModelPackages
from localaws.services.sagemaker.registry.search import Search
from localaws.services.sagemaker.registry.tags import Tags

__all__ = ["ModelPackageGroups", "ModelPackages", "Search", "Tags"]
