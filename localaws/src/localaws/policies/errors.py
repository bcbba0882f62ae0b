"""What the reader of policies raises where a document is not a policy that can be evaluated whole."""

from __future__ import annotations


class PolicyError(ValueError):
    """``str()`` says which statement, what was found and what is possible; each service gives it its own code."""
