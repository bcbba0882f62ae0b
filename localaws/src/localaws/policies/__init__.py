"""IAM policy documents: the one place that reads and evaluates them."""
