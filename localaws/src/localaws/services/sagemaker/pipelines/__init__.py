"""SageMaker pipelines: definitions that are checked, executions that really run their steps."""

from localaws.services.sagemaker.pipelines.execution_service import PipelineExecutions
from localaws.services.sagemaker.pipelines.pipeline_service import Pipelines

__all__ = ["PipelineExecutions", "Pipelines"]
