"""CodeCommit: bare git repositories that the ordinary git client and the API both read and write."""

from localaws.services.codecommit.branches import Branches
from localaws.services.codecommit.commits import Commits
from localaws.services.codecommit.files import Files
from localaws.services.codecommit.service import Repositories

__all__ = ["Branches", "Commits", "Files", "Repositories"]
