"""CodeConnections, by its new and its old name (CodeStar connections), to git folders of this machine."""

from localaws.services.codeconnections.service import CodeConnections, CodeStarConnections

__all__ = ["CodeConnections", "CodeStarConnections"]
