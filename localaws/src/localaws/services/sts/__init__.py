"""STS: who a key belongs to, and sessions of roles that really exist."""

from localaws.services.sts.service import Sts

__all__ = ["Sts"]
