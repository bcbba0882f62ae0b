"""IAM in front of moto, which keeps users, roles and policies: malformed documents are refused, policies simulated."""

from localaws.services.iam.documents import PolicyDocuments
from localaws.services.iam.simulation import PolicySimulation

SERVICES = (PolicyDocuments, PolicySimulation)

__all__ = ["SERVICES"]
