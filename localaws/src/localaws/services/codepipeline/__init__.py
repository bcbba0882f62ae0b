"""CodePipeline: declarations that are checked when they are made, and executions that really run."""

from localaws.services.codepipeline.approvals import Approvals
from localaws.services.codepipeline.executions import Executions
from localaws.services.codepipeline.pipelines import Pipelines
from localaws.services.codepipeline.state import State

__all__ = ["SERVICES"]

SERVICES = (Approvals, Executions, Pipelines, State)
