"""IAM in front of moto, which keeps users, roles and policies: malformed documents are refused, policies simulated."""
