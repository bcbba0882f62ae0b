"""A small real model and its data, so that there is something to approve, deploy and score from the first minute."""
