"""CodeBuild: projects, and builds that really run their buildspec on this machine."""

from localaws.services.codebuild.builds import Builds
from localaws.services.codebuild.projects import Projects

__all__ = ["Builds", "Projects"]
