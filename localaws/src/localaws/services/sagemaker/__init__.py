"""SageMaker: jobs that really run, pipelines that run them, models and the registry. One line per class below."""

from __future__ import annotations

from localaws.core.service import Service
from localaws.services.sagemaker.jobs.processing_jobs import ProcessingJobs
from localaws.services.sagemaker.jobs.transform_jobs import TransformJobs
from localaws.services.sagemaker.models import Models
from localaws.services.sagemaker.pipelines import PipelineExecutions, Pipelines
from localaws.services.sagemaker.registry import ModelPackageGroups, ModelPackages, Search, Tags

SERVICES: tuple[type[Service], ...] = (
    ProcessingJobs,
    TransformJobs,
    Models,
    Pipelines,
    PipelineExecutions,
    ModelPackageGroups,
    ModelPackages,
    Search,
    Tags,
)
