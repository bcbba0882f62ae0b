"""CloudFormation: an engine of its own. See README.md."""
